/**
 * Large products in float64 by ONNX Runtime's kernel, twenty times as fast as loops here. The graph's own backends hold
 * float32, too coarse for what is iterated. Threads may move the last bit, as everywhere.
 */
import { ok, type Result } from '../../base/result.ts';
import { loadRuntime, sessionOptions } from '../backends/onnxruntime/session.ts';
import { ProtobufWriter } from '../backends/protobuf.ts';
import type { Matrix } from './matrix.ts';

export interface Products {
  multiply(a: Matrix, b: Matrix): Promise<Matrix>;
  close(): void;
}

export async function openProducts(threads: number): Promise<Result<Products>> {
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const { InferenceSession, Tensor } = runtime.value;
  const session = await InferenceSession.create(productModel(), sessionOptions(threads));
  const fed = ({ rows, columns, data }: Matrix) => new Tensor('float64', data, [rows, columns]);
  return ok({
    async multiply(a, b) {
      if (a.columns !== b.rows) throw new Error(`Cannot multiply ${a.rows} × ${a.columns} by ${b.rows} × ${b.columns}`);
      const { product } = await session.run({ a: fed(a), b: fed(b) });
      if (!(product?.data instanceof Float64Array)) throw new Error('Internal error: expected a float64 product');
      return { rows: a.rows, columns: b.columns, data: product.data };
    },
    close() {
      void session.release();
    },
  });
}

/** ONNX's number of the type double. */
const DOUBLE = 11;

/** One MatMul of matrices of any extents. Field numbers are those of `onnx.proto3`. */
function productModel(): Uint8Array {
  const message = () => new ProtobufWriter();
  const value = (name: string, extents: readonly string[]) => {
    const shape = message();
    for (const extent of extents) shape.message(1, message().string(2, extent));
    const type = message().int(1, DOUBLE).message(2, shape);
    return message().string(1, name).message(2, message().message(1, type));
  };
  const node = message().string(1, 'a').string(1, 'b').string(2, 'product').string(4, 'MatMul');
  const graph = message()
    .message(1, node)
    .string(2, 'product')
    .message(11, value('a', ['rows', 'inner']))
    .message(11, value('b', ['inner', 'columns']))
    .message(12, value('product', ['rows', 'columns']));
  return message().int(1, 9).message(7, graph).message(8, message().string(1, '').int(2, 20)).finish();
}
