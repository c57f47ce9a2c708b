/** For the command line, which must not load what writes them. */
export const EXPORT_FORMATS = ['safetensors', 'png', 'imagefolder', 'parquet', 'onnx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
