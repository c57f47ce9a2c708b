/** VAE: the terms of the bound and their gradients. */
import { bernoulliErrors, elbo, klToStandard, reparametrised, squaredErrors } from '../../../methods/vae.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { mean, square, sum } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const vae: Evaluator = async ({ params, inputs }, backend) => {
  const [mu, logvar, eps, x, out] = ['mu', 'logvar', 'eps', 'x', 'out'].map((name) =>
    input(name, (inputs[name] as Tensor).shape),
  ) as [Expr, Expr, Expr, Expr, Expr];
  const z = reparametrised(mu, logvar, eps);
  const kl = klToStandard(mu, logvar);
  const [errors, bernoulli] = [squaredErrors(out, x), bernoulliErrors(out, x)];
  const loss = elbo(errors, kl, (params.beta ?? 1) as number);
  const [gradMu, gradLogvar, gradOut] = gradient(loss, [mu, logvar, out]) as [Expr, Expr, Expr];
  const [zMu, zLogvar] = gradient(sum(square(z)), [mu, logvar]) as [Expr, Expr];
  return {
    computed: await runOnce(
      backend,
      {
        z,
        kl,
        mse_sum: errors,
        bce_sum: bernoulli,
        loss,
        'grad.mu': gradMu,
        'grad.logvar': gradLogvar,
        'grad.out': gradOut,
        'grad_z2.mu': zMu,
        'grad_z2.logvar': zLogvar,
        'grad_bce.out': gradient(mean(bernoulli), [out])[0] as Expr,
      },
      inputs,
    ),
  };
};
