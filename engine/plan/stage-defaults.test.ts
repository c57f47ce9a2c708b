/**
 * Parameters at their default are not in a key, so a changed default would pass old results off as new ones: raise the
 * stage's `version` with it, and only then change this table.
 */
import { expect, it } from 'vitest';
import { stageKinds } from '../../stages/registry.ts';
import { defaultsDigest } from './defaults.ts';

it('has stages whose defaults change only with their version', () => {
  expect(Object.fromEntries(stageKinds.map((kind) => [`${kind.kind}@${kind.version}`, defaultsDigest(kind)]))).toEqual({
    'command@1': '624b0ac43cfc33f3bbf1e7481140891fdf58a971d40e81afc2ac1c063a53a052',
    'evaluate@1': '6c1c4063ffcd70bd21c41aff79fbf369acdbd09810f794f91f45e2e32b9e3201',
    'match@1': 'e935408866ee0ae6a790dc61a70905409deccfb4c4c3ed9a6b21c1c0b6564e4c',
    'select@1': '80d2ae7dc22e098f5404e2133b6fe83e0f1532c126d5c1ef7857860dacef2b17',
  });
});
