/**
 * Recall of image-text retrieval: of each query, whether one of its right answers is among the k best of the gallery.
 * `text` retrieves captions for images (TR: any caption of the image counts), `image` images for captions (IR); names say
 * what is returned. Ranks are full, from 0: how many score higher, and of equals those with a smaller index.
 */

export interface Recall {
  /** Percent at 1, 5 and 10, and their mean. */
  readonly at: Readonly<Record<1 | 5 | 10, number>>;
  readonly mean: number;
  /** Best rank of a right answer of each query. */
  readonly ranks: Int32Array;
}

/** `scores` is images × captions, row-major; `imageOf` the image of each caption. */
export function retrievalRecall(
  scores: ArrayLike<number>,
  imageOf: ArrayLike<number>,
  images: number,
): { readonly text: Recall; readonly image: Recall; readonly mean: number } {
  const captions = imageOf.length;
  const score = (image: number, caption: number) => {
    const value = scores[image * captions + caption] as number;
    if (Number.isNaN(value)) throw new Error(`The score of image ${image} and caption ${caption} is not a number`);
    return value;
  };
  const best = new Int32Array(images).fill(captions);
  for (let caption = 0; caption < captions; caption++) {
    const image = imageOf[caption] as number;
    const rank = rankOf(caption, captions, (other) => score(image, other));
    best[image] = Math.min(best[image] as number, rank);
  }
  const ofCaption = Int32Array.from({ length: captions }, (_, caption) =>
    rankOf(imageOf[caption] as number, images, (other) => score(other, caption)),
  );
  const [text, image] = [recallOf(best), recallOf(ofCaption)];
  return { text, image, mean: (text.mean + image.mean) / 2 };
}

function rankOf(right: number, count: number, score: (index: number) => number): number {
  const own = score(right);
  let rank = 0;
  for (let other = 0; other < count; other++) {
    const value = score(other);
    if (value > own || (value === own && other < right)) rank++;
  }
  return rank;
}

function recallOf(ranks: Int32Array): Recall {
  const at = (k: number) => (100 * ranks.filter((rank) => rank < k).length) / ranks.length;
  const values = { 1: at(1), 5: at(5), 10: at(10) };
  return { at: values, mean: (values[1] + values[5] + values[10]) / 3, ranks };
}
