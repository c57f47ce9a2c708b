/** Apart from the formats themselves, so that a command line can be read without loading any. */
export const TABLE_FORMAT_NAMES = ['table', 'md', 'csv', 'json'] as const;
export type TableFormat = (typeof TABLE_FORMAT_NAMES)[number];
