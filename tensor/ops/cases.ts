/** Cases of every operation, for the derivative rules here and for every backend's conformance. */
import { arrayCases } from './cases/array-cases.ts';
import type { OpCase } from './cases/case.ts';
import { elementwiseCases } from './cases/elementwise-cases.ts';
import { imageCases } from './cases/image-cases.ts';

export { type CaseInput, caseValues, type OpCase, type Order } from './cases/case.ts';
export { type CaseGraph, caseGraph } from './cases/graph.ts';

export const opCases: readonly OpCase[] = [...elementwiseCases, ...arrayCases, ...imageCases];
