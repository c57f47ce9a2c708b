import { expect, it } from 'vitest';
import { sha256 } from './digest.ts';

it('is SHA-256 as FIPS 180-4 publishes it', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256(new Uint8Array(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

it('hashes text as its UTF-8 bytes', () => {
  expect(sha256('€')).toBe(sha256(Uint8Array.of(0xe2, 0x82, 0xac)));
});
