"""The Pub/Sub simulator's pushes, checked with Google's own libraries."""

import base64
import datetime
import json
import os
import unittest
from unittest import mock

import jwt
from google.auth import exceptions
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from support import PUBSUB, Simulated, Webhook, control

AUDIENCE = "https://support.example.com/webhooks/gmail"
ACCOUNT = os.environ["SIM_PUSH_ACCOUNT"]
CERTIFICATES = PUBSUB + "/oauth2/v1/certs"
KEYS = PUBSUB + "/oauth2/v3/certs"


class Pushes(Simulated):
    simulator = PUBSUB

    def setUp(self):
        super().setUp()
        self.hook = Webhook(self)
        control("PUT", PUBSUB + "/_sim/webhook", {"url": self.hook.url + "/webhooks/gmail", "audience": AUDIENCE})

    def push(self):
        control("POST", PUBSUB + "/_sim/push", {"emailAddress": "support@example.com", "historyId": 4711})
        path, headers, body = self.hook.next()
        self.assertEqual("/webhooks/gmail", path)
        scheme, token = headers["Authorization"].split(" ")
        self.assertEqual("Bearer", scheme)
        return token, body

    def verify(self, token, audience=AUDIENCE):
        with mock.patch.object(id_token, "_GOOGLE_OAUTH2_CERTS_URL", CERTIFICATES):
            return id_token.verify_oauth2_token(token, Request(), audience)

    def test_genuine_token(self):
        token, _ = self.push()
        for claims in [self.verify(token), id_token.verify_token(token, Request(), AUDIENCE, certs_url=KEYS)]:
            self.assertEqual("https://accounts.google.com", claims["iss"])
            self.assertEqual(AUDIENCE, claims["aud"])
            self.assertEqual((ACCOUNT, True), (claims["email"], claims["email_verified"]))
            self.assertEqual(3600, claims["exp"] - claims["iat"])
        self.assertEqual("RS256", jwt.get_unverified_header(token)["alg"])
        with self.assertRaises(exceptions.GoogleAuthError):
            self.verify(token, "https://elsewhere.example")
        with self.assertRaises((exceptions.GoogleAuthError, ValueError)):
            self.verify(token[:-8] + "AAAAAAAA")

    def test_tokens_the_library_refuses(self):
        for name in ["wrong-audience", "wrong-issuer", "expired-token", "other-key", "es256", "es256-short"]:
            with self.subTest(name):
                self.switch_on(name)
                token, _ = self.push()
                with self.assertRaises((exceptions.GoogleAuthError, ValueError)):
                    self.verify(token)
                self.verify(self.push()[0])

    def test_tokens_only_the_subscriber_can_refuse(self):
        self.switch_on("wrong-email")
        self.assertNotEqual(ACCOUNT, self.verify(self.push()[0])["email"])
        self.switch_on("unverified-email")
        self.assertIs(False, self.verify(self.push()[0])["email_verified"])

    def test_envelope(self):
        _, body = self.push()
        envelope = json.loads(body)
        self.assertEqual("projects/p/subscriptions/s", envelope["subscription"])
        message = envelope["message"]
        self.assertEqual({"emailAddress": "support@example.com", "historyId": 4711}, json.loads(base64.b64decode(message["data"])))
        self.assertEqual(message["messageId"], message["message_id"])
        published = datetime.datetime.fromisoformat(message["publishTime"])
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - published).total_seconds()), 60)

    def test_redelivery(self):
        self.switch_on("redelivery")
        _, first = self.push()
        _, _, second = self.hook.next()
        self.assertEqual(json.loads(first)["message"], json.loads(second)["message"])

    def test_keys_may_be_cached(self):
        for url in [CERTIFICATES, KEYS]:
            response = Request()(url)
            self.assertIn("max-age=", response.headers["Cache-Control"])


if __name__ == "__main__":
    unittest.main()
