/** The rules of the firewall as iptables gets them; over real traffic they are tested in test/attacks. */
import { expect, it } from 'vitest';
import { rulesOf } from '../src/firewall.ts';

const CHAINS = { forward: 'OUT', input: 'IN' };

it('each source is kept from what is on the link, and from the ports', () => {
  const rules = rulesOf({ sources: ['10.210.0.0/16', 'docker0'], ports: [4000, 2222] }, CHAINS);
  expect(rules.map((rule) => rule.join(' '))).toEqual([
    'OUT -s 10.210.0.0/16 -d 169.254.0.0/16 -j REJECT',
    'IN -s 10.210.0.0/16 -d 169.254.0.0/16 -j REJECT',
    'IN -s 10.210.0.0/16 -p tcp -m multiport --dports 4000,2222 -m conntrack --ctstate NEW -j REJECT',
    'OUT -i docker0 -d 169.254.0.0/16 -j REJECT',
    'IN -i docker0 -d 169.254.0.0/16 -j REJECT',
    'IN -i docker0 -p tcp -m multiport --dports 4000,2222 -m conntrack --ctstate NEW -j REJECT',
  ]);
});

it('no port asks for no rule about ports, and many for several', () => {
  expect(rulesOf({ sources: ['docker0'], ports: [] }, CHAINS)).toHaveLength(2);
  const ports = Array.from({ length: 31 }, (_, at) => 1000 + at);
  expect(rulesOf({ sources: ['docker0'], ports }, CHAINS)).toHaveLength(5);
});
