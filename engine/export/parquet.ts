/** A table in the form of Hugging Face's `datasets`: images as structs of bytes and path, labels with their names. */
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ExportedSet } from './source.ts';

type Written = Parameters<typeof parquetWriteBuffer>[0];

export async function parquetFile(
  { labels, classNames }: ExportedSet,
  pictures: readonly Uint8Array[],
  softLabel: (image: number) => number[] | undefined,
): Promise<Uint8Array> {
  const soft = pictures.map((_, image) => softLabel(image));
  const hasSoft = soft.every((values) => values !== undefined);
  const features = {
    image: { _type: 'Image' },
    label: { names: classNames, _type: 'ClassLabel' },
    ...(hasSoft && { soft_label: { feature: { dtype: 'float32', _type: 'Value' }, _type: 'Sequence' } }),
  };
  const columnData: Written['columnData'] = [
    { name: 'image', data: pictures.map((bytes, image) => ({ bytes, path: `${image}.png` })) },
    { name: 'label', data: BigInt64Array.from(labels.data, (label) => BigInt(label)) },
    ...(hasSoft ? [{ name: 'soft_label', data: soft as number[][] }] : []),
  ];
  const schema: Written['schema'] = [
    { name: 'schema', num_children: columnData.length },
    { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
    { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
    ...(hasSoft
      ? ([
          { name: 'soft_label', num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
          { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
          { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
        ] as const)
      : []),
  ];
  const kvMetadata = [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }];
  // Pictures are compressed already.
  const buffer = parquetWriteBuffer({ columnData, schema, codec: 'UNCOMPRESSED', kvMetadata, createdBy: 'retort' });
  return new Uint8Array(buffer);
}

/** What a reader finds in it. */
export async function parquetRows(bytes: Uint8Array): Promise<{ picture: Uint8Array; label: number }[]> {
  const file = new Uint8Array(bytes).buffer;
  const rows = (await parquetReadObjects({ file, utf8: false })) as { image: { bytes: Uint8Array }; label: bigint }[];
  return rows.map(({ image, label }) => ({ picture: image.bytes, label: Number(label) }));
}
