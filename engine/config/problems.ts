/** Gathers diagnostics: every step adds what it finds and goes on, so that one answer holds all errors. */
import type { Diagnostic, Place } from './diagnostics.ts';
import { type Found, placeOf, type Span, type Tree } from './tree.ts';

export interface More {
  readonly help?: string | undefined;
  readonly related?: readonly { readonly message: string; readonly span: Span }[];
}

export class Problems {
  /** By place and message: a value that many cells share is wrong once. */
  readonly #found = new Map<string, Diagnostic>();
  #count = 0;

  get any(): boolean {
    return this.#found.size > 0;
  }

  /** Rises with every report, repeated ones too: whoever compares it before and after learns whether something is wrong. */
  get count(): number {
    return this.#count;
  }

  at(span: Span, code: string, message: string, more: More = {}): void {
    const related = (more.related ?? []).map((other) => ({ message: other.message, place: placeOf(other.span) }));
    this.#add({ code, message, file: span.source.name, place: placeOf(span), ...helpOf(more), related });
  }

  /** Points at a value; where it came by an alias, a merge or an axis, that place is shown too. */
  in(tree: Tree, code: string, message: string, more: More = {}): void {
    const related = [...(more.related ?? [])];
    for (let { via } = tree; via; via = via.via) related.push({ message: via.message, span: via.span });
    this.at(tree.span, code, message, { ...more, related });
  }

  /** Points at what `locate` found, by its value or by its key; shows how it and everything around it got there. */
  found(found: Found, point: 'value' | 'key', code: string, message: string, more: More = {}): void {
    const span = point === 'key' ? (found.key ?? found.tree.span) : found.tree.span;
    this.at(span, code, message, { ...more, related: [...(more.related ?? []), ...found.via] });
  }

  file(file: string, code: string, message: string, more: More = {}): void {
    this.#add({ code, message, file, ...helpOf(more), related: [] });
  }

  /** In the order of `files`, then of places. */
  list(files: readonly string[]): Diagnostic[] {
    const rank = (file: string): number => (files.includes(file) ? files.indexOf(file) : files.length);
    return [...this.#found.values()].sort(
      (a, b) => rank(a.file) - rank(b.file) || compare(a.file, b.file) || comparePlaces(a.place, b.place),
    );
  }

  #add(diagnostic: Diagnostic): void {
    this.#count += 1;
    const { file, place, message } = diagnostic;
    // Overrides share a name and a line; their text tells them apart.
    const key = JSON.stringify([file, place?.line, place?.column, place?.text, message]);
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }
}

function helpOf(more: More): { help?: string } {
  return more.help === undefined ? {} : { help: more.help };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePlaces(a: Place | undefined, b: Place | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
