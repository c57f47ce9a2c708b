"""The ConvNet of the matching papers in PyTorch: `depth` blocks of 3x3 convolution, instance norm (or `norm`) with affine, ReLU, 2x2
average pooling, then one linear layer. One-channel images enter with padding 3."""
from torch import nn


class ConvNet(nn.Module):
    def __init__(self, channels, size, width, depth, classes, norm=lambda width: nn.GroupNorm(width, width)):
        super().__init__()
        layers = []
        side = size
        for block in range(depth):
            first28 = block == 0 and channels == 1
            layers.append(nn.Conv2d(channels if block == 0 else width, width, 3, padding=3 if first28 else 1))
            if first28:
                side += 4
            layers += [norm(width), nn.ReLU(inplace=True), nn.AvgPool2d(2, 2)]
            side //= 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width * side * side, classes)

    def embed(self, x):
        out = self.features(x)
        return out.reshape(out.size(0), -1)

    def forward(self, x):
        return self.classifier(self.embed(x))
