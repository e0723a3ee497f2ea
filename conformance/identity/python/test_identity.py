import os
import subprocess
import sys
import unittest

import jwt
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from issuer import AUTHORITY, CLIENT, DOCUMENTS, HUBS, PIPELINE, SECRET, TENANT, claims, fetch, metadata


class Issuer(unittest.TestCase):
    def test_managed_identity(self):
        for audience in HUBS, DOCUMENTS:
            token = ManagedIdentityCredential().get_token(audience + "/.default")
            c = claims(token.token, audience)
            self.assertEqual((c["ver"], c["tid"], c["idtyp"]), ("1.0", TENANT, "app"))
            self.assertAlmostEqual(token.expires_on, c["exp"], delta=2)

    def test_user_assigned_identity(self):
        c = claims(ManagedIdentityCredential(client_id=PIPELINE).get_token(HUBS + "/.default").token, HUBS)
        self.assertEqual(c["appid"], PIPELINE)
        self.assertIn("/Microsoft.ManagedIdentity/userAssignedIdentities/pipeline", c["xms_mirid"])

    def test_unknown_user_assigned_identity(self):
        with self.assertRaisesRegex(ClientAuthenticationError, "Identity not found"):
            ManagedIdentityCredential(client_id=CLIENT[:-1] + "0", retry_total=0).get_token(HUBS + "/.default")

    def test_instance_metadata(self):
        environ = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}
        environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "http://" + os.environ["IDENTITY_ENDPOINT"].split("/")[2]
        ask = f"from azure.identity import ManagedIdentityCredential as M; print(M().get_token('{HUBS}/.default').token)"
        done = subprocess.run([sys.executable, "-c", ask], env=environ, capture_output=True, text=True, timeout=60)
        self.assertEqual(claims(done.stdout.strip(), HUBS)["idtyp"], "app", done.stderr)

    def test_default_credential(self):
        c = claims(DefaultAzureCredential().get_token(HUBS + "/.default").token, HUBS)
        self.assertEqual(c["idtyp"], "app")

    def test_client_secret(self):
        c = claims(ClientSecretCredential("adfs", CLIENT, SECRET, authority=AUTHORITY).get_token(HUBS + "/.default").token, HUBS)
        self.assertEqual((c["appid"], c["appidacr"], c["sub"]), (CLIENT, "1", c["oid"]))

    def test_client_secret_by_tenant(self):
        credential = ClientSecretCredential(TENANT, CLIENT, SECRET, authority=AUTHORITY, disable_instance_discovery=True)
        self.assertEqual(claims(credential.get_token(DOCUMENTS + "/.default").token, DOCUMENTS)["appid"], CLIENT)

    def test_wrong_secret(self):
        with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS7000215"):
            ClientSecretCredential("adfs", CLIENT, SECRET + "x", authority=AUTHORITY).get_token(HUBS + "/.default")

    def test_unknown_application(self):
        with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS700016"):
            ClientSecretCredential("adfs", CLIENT[:-1] + "0", SECRET, authority=AUTHORITY).get_token(HUBS + "/.default")

    def test_unknown_resource(self):
        with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS500011"):
            ClientSecretCredential("adfs", CLIENT, SECRET, authority=AUTHORITY).get_token("https://example.org/.default")

    def test_certificate(self):
        credential = CertificateCredential("adfs", CLIENT, certificate_path=os.environ["CI_CERTIFICATE"], authority=AUTHORITY)
        self.assertEqual(claims(credential.get_token(HUBS + "/.default").token, HUBS)["appidacr"], "2")

    def test_federated_token(self):
        credential = WorkloadIdentityCredential(
            tenant_id=TENANT, client_id=CLIENT, token_file_path=os.environ["FEDERATED_TOKEN"], authority=AUTHORITY,
            disable_instance_discovery=True,
        )
        self.assertEqual(claims(credential.get_token(HUBS + "/.default").token, HUBS)["appid"], CLIENT)

    def test_device_code(self):
        def prompt(uri, code, _):
            self.assertIn("Sign in", fetch(uri, {"user_code": code}))
            self.assertIn("You are signed in", fetch(uri, {"user_code": code, "confirmed": "yes"}))

        credential = DeviceCodeCredential(tenant_id="adfs", authority=AUTHORITY, prompt_callback=prompt)
        c = claims(credential.get_token(HUBS + "/.default").token, HUBS)
        self.assertEqual((c["idtyp"], c["scp"], c["upn"]), ("user", "user_impersonation", "developer@lazuli.localhost"))

    def test_metadata(self):
        for tenant in "common", "organizations", "adfs", TENANT:
            self.assertEqual(metadata(tenant)["issuer"], f"{AUTHORITY}/{TENANT}/")
            self.assertEqual(metadata(tenant, "/v2.0")["issuer"], f"{AUTHORITY}/{TENANT}/v2.0")

    def test_other_audience(self):
        token = ManagedIdentityCredential().get_token(HUBS + "/.default").token
        with self.assertRaises(jwt.InvalidAudienceError):
            claims(token, DOCUMENTS)
