/**
 * Parameters at their default are not in a key, so a changed default would pass old results off as new ones: raise the
 * stage's `version` with it, and only then change this table.
 */
import { expect, it } from 'vitest';
import { stageKinds } from '../../stages/registry.ts';
import { defaultsDigest } from './defaults.ts';

it('has stages whose defaults change only with their version', () => {
  expect(Object.fromEntries(stageKinds.map((kind) => [`${kind.kind}@${kind.version}`, defaultsDigest(kind)]))).toEqual({
    'buffer@1': '297395f2e28226133d48656c2a07ca91aae10f3c7eadf6c9b15d08977236501a',
    'command@1': '624b0ac43cfc33f3bbf1e7481140891fdf58a971d40e81afc2ac1c063a53a052',
    'evaluate@1': '049ebe42ac3fc6ed688b2f6da295f36cc9ca98d00af4fce71ee3eea4406917b5',
    'match@1': 'e935408866ee0ae6a790dc61a70905409deccfb4c4c3ed9a6b21c1c0b6564e4c',
    'pretrain@1': 'f512f15ff83f934f1dd0a14f45a01e53f8413a27841bf5076a87e4b84fe2b032',
    'select@1': '80d2ae7dc22e098f5404e2133b6fe83e0f1532c126d5c1ef7857860dacef2b17',
    'zca@1': 'a7f5a369ca1ea978bf69b74ef1c602f116e1e15707e2c556887213b393d14535',
  });
});
