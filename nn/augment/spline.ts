/**
 * Rotation with cubic splines, as `scipy.ndimage.rotate` does it (order 3, mode constant): a cubic B-spline is fitted to
 * the image (Unser 1993: one recursive filter forth and back an axis, the image continued by its mirror image), then read
 * at the turned positions. The canvas grows so that nothing is cut; what lies outside the image is `fill`.
 */

/** Pole of the cubic B-spline filter. */
const POLE = Math.sqrt(3) - 2;
const GAIN = (1 - POLE) * (1 - 1 / POLE);

export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** Spline coefficients of a line of samples, in place: `count` elements from `start`, `stride` apart. */
function filterLine(line: Float64Array, start: number, count: number, stride: number): void {
  if (count < 2) return;
  const at = (index: number) => line[start + index * stride] as number;
  const put = (index: number, value: number) => {
    line[start + index * stride] = value;
  };
  for (let index = 0; index < count; index++) put(index, at(index) * GAIN);
  // The sum over the mirrored, endlessly repeated line has a closed form.
  const last = POLE ** (count - 1);
  let first = at(0) + last * at(count - 1);
  for (let index = 1, power = POLE; index < count - 1; index++, power *= POLE) {
    first += power * (at(index) + last * at(count - 1 - index));
  }
  put(0, first / (1 - last * last));
  for (let index = 1; index < count; index++) put(index, at(index) + POLE * at(index - 1));
  put(count - 1, ((POLE * at(count - 2) + at(count - 1)) * POLE) / (POLE * POLE - 1));
  for (let index = count - 2; index >= 0; index--) put(index, POLE * (at(index + 1) - at(index)));
}

function splineCoefficients({ height, width, values }: Plane): Float64Array {
  const coefficients = Float64Array.from(values);
  for (let column = 0; column < width; column++) filterLine(coefficients, column, height, width);
  for (let row = 0; row < height; row++) filterLine(coefficients, row * width, width, 1);
  return coefficients;
}

/** Weights of the four coefficients around a position, the first of them at ⌊position⌋ - 1. */
function cubicWeights(fraction: number): readonly [number, number, number, number] {
  const rest = 1 - fraction;
  const second = (fraction * fraction * (fraction - 2) * 3 + 4) / 6;
  const third = (rest * rest * (rest - 2) * 3 + 4) / 6;
  const first = (rest * rest * rest) / 6;
  return [first, second, third, 1 - first - second - third];
}

/** An index outside as its mirror image inside, the border itself not repeated. */
function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const place = ((index % period) + period) % period;
  return place < length ? place : period - place;
}

export function rotatePlane(plane: Plane, degrees: number, fill: number): Plane {
  const { height, width } = plane;
  const [cosine, sine] = turn(degrees);
  const extent = (row: number, column: number) => Math.trunc(Math.abs(row) + Math.abs(column) + 0.5);
  const [tall, wide] = [extent(cosine * height, sine * width), extent(sine * height, cosine * width)];
  const coefficients = splineCoefficients(plane);
  // Centres meet: source = R · target + offset.
  const [rowOut, columnOut] = [(tall - 1) / 2, (wide - 1) / 2];
  const rowOffset = (height - 1) / 2 - (cosine * rowOut + sine * columnOut);
  const columnOffset = (width - 1) / 2 - (-sine * rowOut + cosine * columnOut);
  const values = new Float64Array(tall * wide).fill(fill);
  for (let row = 0; row < tall; row++) {
    for (let column = 0; column < wide; column++) {
      const v = cosine * row + sine * column + rowOffset;
      const u = -sine * row + cosine * column + columnOffset;
      if (v < 0 || v > height - 1 || u < 0 || u > width - 1) continue;
      values[row * wide + column] = readSpline(coefficients, height, width, v, u);
    }
  }
  return { height: tall, width: wide, values };
}

function readSpline(coefficients: Float64Array, height: number, width: number, v: number, u: number): number {
  const [top, left] = [Math.floor(v), Math.floor(u)];
  const [rows, columns] = [cubicWeights(v - top), cubicWeights(u - left)];
  let total = 0;
  for (const [i, rowWeight] of rows.entries()) {
    const line = mirrored(top - 1 + i, height) * width;
    for (const [j, columnWeight] of columns.entries()) {
      total += rowWeight * columnWeight * (coefficients[line + mirrored(left - 1 + j, width)] as number);
    }
  }
  return total;
}

/** Cosine and sine, exact at quarter turns: elsewhere the canvas would grow by a rounding error. */
function turn(degrees: number): readonly [number, number] {
  if (degrees % 90 === 0) {
    const quarter = (((degrees / 90) % 4) + 4) % 4;
    return [[1, 0, -1, 0][quarter] as number, [0, 1, 0, -1][quarter] as number];
  }
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}
