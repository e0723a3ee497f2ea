// Tokens are checked by jose, with what the issuer says of itself.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import {
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  DeviceCodeCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from "@azure/identity";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER, CI_CLIENT_ID, CI_SECRET, CI_CERTIFICATE, PIPELINE_CLIENT_ID, FEDERATED_TOKEN } = process.env;
const hubs = "https://eventhubs.azure.net";
const documents = "https://cosmos.azure.com";
const at = { authorityHost: ISSUER };
const once = { retryOptions: { maxRetries: 0 } };

const about = await (await fetch(ISSUER + "/common/.well-known/openid-configuration")).json();
const keys = createRemoteJWKSet(new URL(about.jwks_uri));
const tenant = about.issuer.split("/")[3];

// claims verifies a token and returns its claims.
async function claims(token, audience) {
  const { payload } = await jwtVerify(token, keys, {
    issuer: about.issuer,
    audience,
    algorithms: ["RS256"],
    requiredClaims: ["exp", "iat", "nbf", "oid", "tid"],
  });
  return payload;
}

const get = async (credential, audience = hubs) =>
  claims((await credential.getToken(audience + "/.default")).token, audience);

test("managed identity", async () => {
  for (const audience of [hubs, documents]) {
    const c = await get(new ManagedIdentityCredential(), audience);
    assert.deepEqual([c.ver, c.tid, c.idtyp], ["1.0", tenant, "app"]);
  }
});

test("user-assigned identity", async () => {
  const c = await get(new ManagedIdentityCredential({ clientId: PIPELINE_CLIENT_ID }));
  assert.equal(c.appid, PIPELINE_CLIENT_ID);
  assert.match(c.xms_mirid, /userAssignedIdentities\/pipeline$/);
});

test("unknown user-assigned identity", () =>
  assert.rejects(get(new ManagedIdentityCredential({ clientId: CI_CLIENT_ID.slice(0, -1) + "0", ...once })), /Identity not found|invalid_request/));

test("instance metadata", async () => {
  const env = { ...process.env, AZURE_POD_IDENTITY_AUTHORITY_HOST: new URL(process.env.IDENTITY_ENDPOINT).origin };
  delete env.IDENTITY_ENDPOINT;
  delete env.IDENTITY_HEADER;
  const ask = `import { ManagedIdentityCredential as M } from "@azure/identity"; console.log((await new M().getToken("${hubs}/.default")).token)`;
  const token = execFileSync(process.execPath, ["--input-type=module", "-e", ask], { env, encoding: "utf8" }).trim();
  assert.equal((await claims(token, hubs)).idtyp, "app");
});

test("default credential", async () => {
  assert.equal((await get(new DefaultAzureCredential())).idtyp, "app");
});

test("client secret", async () => {
  const c = await get(new ClientSecretCredential("adfs", CI_CLIENT_ID, CI_SECRET, at));
  assert.deepEqual([c.appid, c.appidacr, c.sub], [CI_CLIENT_ID, "1", c.oid]);
});

test("client secret by tenant", async () => {
  const c = await get(new ClientSecretCredential(tenant, CI_CLIENT_ID, CI_SECRET, { ...at, disableInstanceDiscovery: true }), documents);
  assert.equal(c.appid, CI_CLIENT_ID);
});

test("wrong secret", () => assert.rejects(get(new ClientSecretCredential("adfs", CI_CLIENT_ID, CI_SECRET + "x", at)), /7000215/));

test("unknown resource", () =>
  assert.rejects(new ClientSecretCredential("adfs", CI_CLIENT_ID, CI_SECRET, at).getToken("https://example.org/.default"), /500011/));

test("certificate", async () => {
  const c = await get(new ClientCertificateCredential("adfs", CI_CLIENT_ID, { certificatePath: CI_CERTIFICATE }, at));
  assert.equal(c.appidacr, "2");
});

test("federated token", async () => {
  const c = await get(new WorkloadIdentityCredential({ tenantId: "adfs", clientId: CI_CLIENT_ID, tokenFilePath: FEDERATED_TOKEN, ...at }));
  assert.equal(c.appid, CI_CLIENT_ID);
});

test("device code", async () => {
  const say = (uri, form) => fetch(uri, { method: "POST", body: new URLSearchParams(form) }).then((answer) => answer.text());
  const userPromptCallback = async ({ verificationUri, userCode }) => {
    assert.match(await say(verificationUri, { user_code: userCode }), /Sign in/);
    assert.match(await say(verificationUri, { user_code: userCode, confirmed: "yes" }), /You are signed in/);
  };
  const c = await get(new DeviceCodeCredential({ tenantId: "adfs", ...at, userPromptCallback }));
  assert.deepEqual([c.idtyp, c.scp, c.upn], ["user", "user_impersonation", "developer@lazuli.localhost"]);
});

test("other audience", async () => {
  const { token } = await new ManagedIdentityCredential().getToken(hubs + "/.default");
  await assert.rejects(claims(token, documents), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
});
