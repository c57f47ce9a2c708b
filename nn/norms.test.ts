/** Local response norm with its first and second derivative, against PyTorch in float64. */
import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { compile } from '../tensor/compile/compile.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { sin, square, sum } from '../tensor/ops/index.ts';
import { floats } from '../tensor/tensor.ts';
import { localResponseNorm } from './norms.ts';

// PyTorch 2.15: x = (2*torch.sin(torch.arange(20.)*1.3)).reshape(2, 5, 1, 2)
//   y = torch.nn.LocalResponseNorm(size, alpha=0.5, beta=0.75, k=2)(x)
//   g = grad(torch.sin(y).sum(), x);  h = grad((g**2).sum(), x)
const EVEN = {
  y: [
    0.0, 0.914738, 0.514999, -0.648755, -0.770957, 0.200119, 0.803942, 0.311613, -0.686946, -0.799264, 0.482734,
    0.883848, 0.116263, -0.795041, -0.572982, 0.517416, 0.79376, -0.102902, -0.844614, -0.45245,
  ],
  g: [
    0.5666, 0.257928, 0.403706, 0.4278, 0.311657, 0.475274, 0.347308, 0.470856, 0.32125, 0.330911, 0.49666, 0.22582,
    0.525489, 0.341232, 0.368811, 0.428368, 0.36213, 0.468175, 0.283503, 0.451128,
  ],
  h: [
    -0.040324, -0.173077, -0.204734, 0.175563, 0.132579, -0.054477, -0.079958, -0.06413, 0.083591, 0.200234, -0.279404,
    -0.117162, -0.113855, 0.15657, 0.162985, -0.133622, -0.109523, 0.087681, 0.083254, 0.197157,
  ],
};
const ODD = {
  y: [
    0.0, 0.859564, 0.489824, -0.608744, -0.711615, 0.22215, 0.757529, 0.322369, -0.704997, -0.777038, 0.477382,
    0.820132, 0.112848, -0.731038, -0.554884, 0.55537, 0.730904, -0.113764, -0.820293, -0.476521,
  ],
  g: [
    0.557933, 0.280174, 0.419244, 0.401762, 0.371734, 0.498882, 0.366041, 0.481164, 0.315659, 0.324423, 0.452722,
    0.275274, 0.516001, 0.378118, 0.401191, 0.401069, 0.378154, 0.515865, 0.275243, 0.453076,
  ],
  h: [
    -0.100084, -0.120538, -0.190288, 0.152185, 0.1247, -0.112924, -0.091208, -0.136414, 0.100855, 0.204171, -0.304937,
    -0.09388, -0.076309, 0.102907, 0.172399, -0.172348, -0.102973, 0.076773, 0.093895, 0.30497,
  ],
};

it.each([
  [4, EVEN],
  [3, ODD],
])('over windows of %i channels', async (size, wanted) => {
  const x = input('x', [2, 5, 1, 2]);
  const y = localResponseNorm(x, { size, alpha: 0.5, beta: 0.75, k: 2 });
  const [g] = gradient(sum(sin(y)), [x]) as [Expr];
  const [h] = gradient(sum(square(g)), [x]) as [Expr];
  const backend = unwrap(await openBackend('reference', { threads: 1 }));
  const program = await compile(backend, { y, g, h });
  const found = await program.run({
    x: floats(
      Float64Array.from({ length: 20 }, (_, i) => 2 * Math.sin(i * 1.3)),
      x.shape,
    ),
  });
  for (const name of ['y', 'g', 'h'] as const)
    for (const [index, value] of wanted[name].entries())
      expect(found[name]?.data[index], `${name}[${index}]`).toBeCloseTo(value, 5);
});
