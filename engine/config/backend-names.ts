/** The backends that can be named, the default first. A file of its own, so that naming them loads nothing. */
export const BACKENDS = ['onnxruntime', 'tensorflow', 'onnxruntime:webgpu', 'onnxruntime:cuda', 'reference'];
