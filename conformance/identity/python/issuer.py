"""The issuer under test, from the environment of the Go driver, and what the
tests share. Tokens are checked by PyJWT, with what the issuer says of itself."""

import json
import os
import ssl
import urllib.parse
import urllib.request

import jwt

AUTHORITY = os.environ["ISSUER"]
CLIENT = os.environ["CI_CLIENT_ID"]
SECRET = os.environ["CI_SECRET"]
PIPELINE = os.environ["PIPELINE_CLIENT_ID"]
HUBS = "https://eventhubs.azure.net"
DOCUMENTS = "https://cosmos.azure.com"

TRUST = ssl.create_default_context(cafile=os.environ["ISSUER_CA_FILE"])


def fetch(url, form=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(url, data), context=TRUST) as answer:
        return answer.read().decode()


def metadata(tenant="common", version=""):
    return json.loads(fetch(f"{AUTHORITY}/{tenant}{version}/.well-known/openid-configuration"))


TENANT = metadata()["issuer"].split("/")[3]


def claims(token, audience, issuer=None):
    """Verifies the token and returns its claims."""
    about = metadata()
    keys = jwt.PyJWKClient(about["jwks_uri"], ssl_context=TRUST)
    return jwt.decode(
        token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"], audience=audience,
        issuer=issuer or about["issuer"], options={"require": ["exp", "iat", "nbf", "aud", "iss", "oid", "tid"]},
    )
