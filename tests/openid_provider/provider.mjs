// A certified OpenID Provider that others wrote, as a process: node provider.mjs settings.json
//
// Its own defaults hold wherever the tests need nothing else: pages to sign in and to agree on
// (any password opens an account), PKCE, what an ID token says, how a client proves itself.
// The settings are read from the file given: port, issuer, clients, clientAuthMethods (null for
// the usual ones), jwks, cookieKeys, and people, who may be added while it runs:
// {"login": {"email", "email_verified", "name"}}.

import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const settings = () => JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { port, issuer, clients, clientAuthMethods, jwks, cookieKeys } = settings();

const provider = new Provider(issuer, {
  clients,
  clientAuthMethods: clientAuthMethods ?? undefined,
  jwks,
  cookies: { keys: cookieKeys },
  pkce: { required: () => true },
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  findAccount(_context, login) {
    const claims = settings().people[login];
    return claims && { accountId: login, claims: () => ({ sub: login, ...claims }) };
  },
});

// Why a code was not exchanged; the client is told less.
provider.on('grant.error', (_context, error) => {
  console.log(`grant.error ${error.error}: ${error.error_detail ?? error.error_description}`);
});
provider.on('server_error', (_context, error) => console.log('server_error', error));

provider.listen(port, '127.0.0.1');
// Whoever started it is gone.
process.stdin.resume().on('end', () => process.exit());
