/**
 * Keys hold only the parameters that differ from their default, so a default that changes changes the meaning of every
 * key that does not name it. When this fails: raise the stage's version, and write the new digest under it; a new parameter
 * whose default keeps what was, changes the digest alone.
 */
import { expect, it } from 'vitest';
import { canonicalJson } from '../base/canonical-json.ts';
import { sha256 } from '../base/digest.ts';
import type { Json } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { defaultsDigest } from '../engine/plan/defaults.ts';
import { buildNetwork, type NetworkSpec } from '../nn/network.ts';
import { networkParameter } from '../stages/network-parameter.ts';
import { stageKinds } from '../stages/registry.ts';

const STAGES: Readonly<Record<string, string>> = {
  'select@1': '647ce7656489d891ee19fa50334623c4889764bf6a8b6d265bbb8f86a4fc0664',
  'match@2': 'e935408866ee0ae6a790dc61a70905409deccfb4c4c3ed9a6b21c1c0b6564e4c',
  'evaluate@2': 'bdb2ad08f6cc983e3aa1c80845f0994b7b2591ba7f401070592ab0dbebed4d6e',
  'zca@1': 'a7f5a369ca1ea978bf69b74ef1c602f116e1e15707e2c556887213b393d14535',
  'buffer@1': '297395f2e28226133d48656c2a07ca91aae10f3c7eadf6c9b15d08977236501a',
  'pretrain@1': 'f512f15ff83f934f1dd0a14f45a01e53f8413a27841bf5076a87e4b84fe2b032',
  'squeeze@1': 'f512f15ff83f934f1dd0a14f45a01e53f8413a27841bf5076a87e4b84fe2b032',
  'import@1': 'a550caf6ba33dee7aa7128e04223cf9d2c9859b9266ef0efd14513d7d8d75eec',
  'statistics@2': '5f6b705a1ca53eaa14fb018d152700b77cfd3cd01ac2316edfd05482e07133f9',
  'recover@2': '05260a9f5604c61d9e72b390b51a0e17fe98a6edf34fc2b348647e8ccb1a7dd6',
  'relabel@2': '948c3c35c82bba16da6321c794b38dabd31be231fdee5f8aab76fdf046aba9d6',
  'rank@1': 'eb8e89ded427956b11a4098a5189ae3ebec7cb4c61c08b8263ec24d37560bbf4',
  'command@1': '624b0ac43cfc33f3bbf1e7481140891fdf58a971d40e81afc2ac1c063a53a052',
};

it.each(stageKinds)('$kind has the defaults of its version', (stage) => {
  expect(defaultsDigest(stage)).toBe(STAGES[`${stage.kind}@${stage.version}`]);
});

/** What a network's schema leaves to its family: the parameters of each as it is. A change concerns every stage with a network. */
const FAMILIES: Readonly<Record<string, string>> = {
  convnet: '8d8bbe69280afef9',
  mlp: '00ae4e5e3db6b441',
  lenet: 'dce98c4dad87ca4b',
  alexnet: '1653fde393f9c31a',
  alexcifarnet: '2314ef3c2268afeb',
  vgg: '06d6f65e0b839c5b',
  resnet: '3389142902032940',
  'wide-resnet': '2b8c02761d2e2048',
  'mobilenet-v2': '7381271601d42f6f',
  'shufflenet-v2': '936e08d1e47d4b5e',
  'efficientnet-b0': '4f109d98809a1431',
  vit: '3189759484c52ebd',
};

it.each(networkParameter.properties.kind.enum)('a %s has the layers of its family', (kind) => {
  const input = { channels: 3, height: 32, width: 32, classes: 10 };
  const { parameters, buffers } = unwrap(buildNetwork({ kind } as NetworkSpec, input));
  const said = JSON.parse(JSON.stringify({ parameters, buffers })) as Json;
  expect(sha256(canonicalJson(said)).slice(0, 16)).toBe(FAMILIES[kind]);
});
