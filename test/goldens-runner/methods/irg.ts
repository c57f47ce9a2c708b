/** IRG: the official graph with its losses and gradients, and the form of the Knowledge-Distillation-Zoo. */
import {
  edges,
  movedDistances,
  overLargest,
  pairDistances,
  transformation,
  withConstantLargest,
  zooEdges,
  zooTransformation,
} from '../../../methods/irg.ts';
import { flatten } from '../../../nn/layers.ts';
import { crossEntropy, meanSquaredError } from '../../../nn/losses.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, mul, square, sub, sum } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const irg: Evaluator = async (golden, backend) => {
  const outputs = golden.inputs['student.fm1'] ? zoo(golden) : official(golden);
  return { computed: await runOnce(backend, outputs, golden.inputs) };
};

function squaredDifference(a: Expr, b: Expr): Expr {
  return sum(square(sub(a, b)));
}

function official({ params, inputs }: GoldenCase): Record<string, Expr> {
  const given = (name: string) => input(name, (inputs[name] as Tensor).shape, (inputs[name] as Tensor).dtype);
  const [t1, t2, s1, s2, zt, zs, y] = ['t1', 't2', 's1', 's2', 'zt', 'zs', 'y'].map(given) as [
    Expr,
    Expr,
    Expr,
    Expr,
    Expr,
    Expr,
    Expr,
  ];
  const [count = 1] = s2.shape;
  const [pairs, moved] = [pairDistances(s2), movedDistances(s1, s2)];
  const [edgesT, edgesS] = [edges(t2), overLargest(pairs)];
  const [transformT, transformS] = [transformation(t1, t2), overLargest(moved)];
  const edgeSum = squaredDifference(edgesT, edgesS);
  const transformSum = squaredDifference(transformT, transformS);
  const ce = crossEntropy(zs, y);
  const irgLoss = add(
    mul(meanSquaredError(zs, zt), params.lambda_vertex as number),
    mul(meanSquaredError(edgesS, edgesT), params.lambda_edge as number),
  );
  const irgT = meanSquaredError(transformS, transformT);
  const total = add(add(ce, irgLoss), mul(irgT, params.lambda_transform as number));

  const edgeCotangent = mul(sub(edgesS, edgesT), 2);
  const transformCotangent = mul(sub(transformS, transformT), 2);
  const [edgeConstant] = withConstantLargest(pairs, edgeCotangent, [s2]) as [Expr];
  const [startConstant, endConstant] = withConstantLargest(moved, transformCotangent, [s1, s2]) as [Expr, Expr];
  const [edgeThrough] = gradient(edgeSum, [s2]) as [Expr];
  const [startThrough, endThrough] = gradient(transformSum, [s1, s2]) as [Expr, Expr];
  const [total1, total2, totalZ] = gradient(total, [s1, s2, zs]) as [Expr, Expr, Expr];
  return {
    'edges.teacher': edgesT,
    'edges.student': edgesS,
    'transform.teacher': transformT,
    'transform.student': transformS,
    // Caffe's EuclideanLoss divides by twice the first axis: N for the edges, 1 for the vector. Its edge layer adds
    // each pair to one of its two instances only, half of the derivative.
    'caffe.edge.loss': mul(edgeSum, 1 / (2 * count)),
    'caffe.edge.grad.s2': mul(edgeConstant, 1 / (4 * count)),
    'caffe.transform.loss': mul(transformSum, 1 / 2),
    'caffe.transform.grad.s1': mul(startConstant, 1 / 2),
    'caffe.transform.grad.s2': mul(endConstant, 1 / 2),
    'edge.sum': edgeSum,
    'transform.sum': transformSum,
    'vertex.sum': squaredDifference(zt, zs),
    ce,
    'edge.grad.s2.constant_max': edgeConstant,
    'edge.grad.s2.through_max': edgeThrough,
    'transform.grad.s1.constant_max': startConstant,
    'transform.grad.s2.constant_max': endConstant,
    'transform.grad.s1.through_max': startThrough,
    'transform.grad.s2.through_max': endThrough,
    L_IRG: irgLoss,
    L_IRG_t: irgT,
    L_MTK: total,
    'L_MTK.grad.s1': total1,
    'L_MTK.grad.s2': total2,
    'L_MTK.grad.zs': totalZ,
  };
}

const ZOO_TENSORS = ['fm1', 'fm2', 'feat', 'out'] as const;

function zoo({ params, inputs }: GoldenCase): Record<string, Expr> {
  const epsilon = (params.eps ?? 1e-12) as number;
  const side = (name: string) =>
    Object.fromEntries(
      ZOO_TENSORS.map((tensor) => [tensor, input(`${name}.${tensor}`, (inputs[`${name}.${tensor}`] as Tensor).shape)]),
    ) as Record<(typeof ZOO_TENSORS)[number], Expr>;
  const [student, teacher] = [side('student'), side('teacher')];
  const edgesOf = (x: Expr) => zooEdges(x.shape.length > 2 ? flatten(x) : x, epsilon);
  const edgeTerms = (['fm1', 'fm2', 'feat'] as const).map((name) =>
    meanSquaredError(edgesOf(student[name]), edgesOf(teacher[name])),
  );
  const vertex = meanSquaredError(student.out, teacher.out);
  const edge = mul(
    edgeTerms.reduce((total, term) => add(total, term)),
    1 / edgeTerms.length,
  );
  const moved = zooTransformation(student.fm1, student.fm2, epsilon);
  const transform = meanSquaredError(moved, zooTransformation(teacher.fm1, teacher.fm2, epsilon));
  const loss = add(
    add(mul(vertex, params.w_vertex as number), mul(edge, params.w_edge as number)),
    mul(transform, params.w_transform as number),
  );
  const gradients = gradient(
    loss,
    ZOO_TENSORS.map((name) => student[name]),
  );
  return {
    loss,
    loss_vertex: vertex,
    loss_edge: edge,
    loss_transform: transform,
    'edges.fm1': edgesOf(student.fm1),
    'edges.feat': edgesOf(student.feat),
    transform: moved,
    ...Object.fromEntries(ZOO_TENSORS.map((name, index) => [`grad.${name}`, gradients[index] as Expr])),
  };
}
