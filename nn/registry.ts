/**
 * Networks by name. An experiment may say a spec (`{ kind: convnet, width: 64 }`), a short name (`resnet18`) or a name
 * of the field (`ConvNetD4`, `VGG11BN`), as evaluation.md section 2 lists them. Plain names of the matching family mean
 * instance norm; only those with BN use batch norm. MobileNetV2, ShuffleNetV2, EfficientNet-B0 and WRN have it, as
 * everywhere.
 */
import { fail, ok, type Result } from '../base/result.ts';
import type { NetworkSpec } from './network.ts';
import type { ConvNetSpec } from './networks/convnet.ts';
import type { ResNetDepth } from './networks/resnet.ts';
import type { VggDepth } from './networks/vgg.ts';

function convNets(): Record<string, ConvNetSpec> {
  const named: Record<string, ConvNetSpec> = {
    NN: { kind: 'convnet', norm: 'none' },
    BN: { kind: 'convnet', norm: 'batch' },
    LN: { kind: 'convnet', norm: 'layer' },
    GN: { kind: 'convnet', norm: 'group', groups: 4 },
    NP: { kind: 'convnet', pooling: 'none' },
    MP: { kind: 'convnet', pooling: 'max' },
    AS: { kind: 'convnet', activation: 'sigmoid' },
    AL: { kind: 'convnet', activation: 'leakyRelu' },
    ASwish: { kind: 'convnet', activation: 'swish' },
    ASwishBN: { kind: 'convnet', activation: 'swish', norm: 'batch' },
    KIP: { kind: 'convnet', width: 1024, norm: 'none' },
    GAP: { kind: 'convnet', head: 'globalAverage' },
  };
  for (const alias of ['', 'IN', 'AR', 'AP']) named[alias] = { kind: 'convnet' };
  // What the family has anyway is left out, so that two names of one network are one in cache keys too.
  for (let depth = 1; depth <= 8; depth++)
    named[`D${depth}`] = depth === 3 ? { kind: 'convnet' } : { kind: 'convnet', depth };
  for (const width of [32, 64, 128, 256, 512, 1024])
    named[`W${width}`] = width === 128 ? { kind: 'convnet' } : { kind: 'convnet', width };
  return Object.fromEntries(Object.entries(named).map(([suffix, spec]) => [`ConvNet${suffix}`, spec]));
}

function others(): Record<string, NetworkSpec> {
  const named: Record<string, NetworkSpec> = {
    MLP: { kind: 'mlp' },
    LeNet: { kind: 'lenet' },
    AlexNet: { kind: 'alexnet', norm: 'none' },
    AlexNetBN: { kind: 'alexnet', norm: 'batch' },
    AlexNetIN: { kind: 'alexnet', norm: 'instance' },
    AlexCifarNet: { kind: 'alexcifarnet' },
    ViT: { kind: 'vit' },
    MobileNetV2: { kind: 'mobilenet-v2' },
    MobileNetV2_0_5: { kind: 'mobilenet-v2', widthMultiplier: 0.5 },
    MobileNetV2ImageNet: { kind: 'mobilenet-v2', stem: 'imagenet' },
    ShuffleNetV2: { kind: 'shufflenet-v2' },
    ShuffleNetV2_0_5: { kind: 'shufflenet-v2', widthMultiplier: 0.5 },
    ShuffleNetV2ImageNet: { kind: 'shufflenet-v2', stem: 'imagenet' },
    ShuffleNetV2_0_5ImageNet: { kind: 'shufflenet-v2', widthMultiplier: 0.5, stem: 'imagenet' },
    EfficientNetB0: { kind: 'efficientnet-b0' },
    EfficientNetB0ImageNet: { kind: 'efficientnet-b0', stem: 'imagenet' },
    'WRN-16-2': { kind: 'wide-resnet' },
    'WRN-40-2': { kind: 'wide-resnet', depth: 40 },
    'WRN-28-10': { kind: 'wide-resnet', depth: 28, widthMultiplier: 10 },
  };
  for (const depth of [11, 13, 16, 19] satisfies VggDepth[]) {
    named[`VGG${depth}`] = { kind: 'vgg', depth, norm: 'instance' };
    named[`VGG${depth}BN`] = { kind: 'vgg', depth, norm: 'batch' };
  }
  for (const depth of [18, 34, 50] satisfies ResNetDepth[]) {
    for (const [suffix, norm] of [
      ['', 'instance'],
      ['BN', 'batch'],
    ] as const) {
      const name = `ResNet${depth}${suffix}`;
      named[name] = { kind: 'resnet', depth, norm };
      named[`${name}_AP`] = { kind: 'resnet', depth, norm, downsampling: 'average' };
      named[`${name}ImageNet`] = { kind: 'resnet', depth, norm, stem: 'imagenet' };
    }
  }
  return named;
}

/** The field's names, in their own spelling. */
export const namedNetworks: Readonly<Record<string, NetworkSpec>> = { ...convNets(), ...others() };

const byLowerCase = new Map(Object.entries(namedNetworks).map(([name, spec]) => [name.toLowerCase(), spec]));

/** The spec of a name, in any case (`convnet`, `ResNet18BN_AP`). */
export function networkByName(name: string): Result<NetworkSpec> {
  const spec = byLowerCase.get(name.toLowerCase());
  if (spec) return ok(spec);
  return fail('NETWORK_UNKNOWN', `No network is called ${name}`, {
    help: `Known: ${Object.keys(namedNetworks).join(', ')}`,
  });
}
