"""The Twilio simulator, checked with Twilio's own client library."""

import datetime
import json
import os
import unittest
import urllib.parse

from support import TWILIO, Simulated, Webhook, control, eventually
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ACCOUNT = os.environ["SIM_TWILIO_ACCOUNT"]
TOKEN = os.environ["SIM_TWILIO_TOKEN"]
OURS = os.environ["SIM_TWILIO_FROM"]
NUMBERS = iter(range(10_000_000, 99_999_999))


class Redirected(TwilioHttpClient):
    """The library's own HTTP client, sent to the simulator."""

    def request(self, method, url, *args, **kwargs):
        if not url.startswith("https://api.twilio.com/"):
            raise AssertionError("unexpected address " + url)
        return super().request(method, url.replace("https://api.twilio.com", TWILIO), *args, **kwargs)


def client(token=TOKEN):
    return Client(ACCOUNT, token, http_client=Redirected())


class TwilioTest(Simulated):
    simulator = TWILIO

    def setUp(self):
        super().setUp()
        self.client = client()
        self.customer = f"whatsapp:+49170{next(NUMBERS)}"

    def send(self, body="Hello", **more):
        return self.client.messages.create(to=self.customer, from_=OURS, body=body, **more)

    def inbound(self, body, **more):
        return control("POST", TWILIO + "/_sim/inbound", {"from": self.customer, "body": body, **more})

    def error(self, do):
        with self.assertRaises(TwilioRestException) as caught:
            do()
        self.assertTrue(caught.exception.msg)
        return caught.exception


class Messages(TwilioTest):
    def test_create_and_fetch(self):
        created = self.send("Grüße & 1+1=2 😀")
        self.assertRegex(created.sid, "^SM[0-9a-f]{32}$")
        self.assertEqual("queued", created.status)
        self.assertEqual("outbound-api", created.direction)
        self.assertEqual((OURS, self.customer), (created.from_, created.to))
        self.assertEqual("Grüße & 1+1=2 😀", created.body)
        self.assertEqual(("0", "1"), (created.num_media, created.num_segments))
        self.assertEqual(ACCOUNT, created.account_sid)
        self.assertEqual("2010-04-01", created.api_version)
        self.assertIsNone(created.error_code)
        self.assertIsNone(created.error_message)
        self.assertIsNone(created.price)
        self.assertIsNone(created.messaging_service_sid)
        self.assertIsNone(created.date_sent)
        age = datetime.datetime.now(datetime.timezone.utc) - created.date_created
        self.assertLess(abs(age.total_seconds()), 60)
        self.assertIn(created.sid, created.uri)
        self.assertIn("media", created.subresource_uris)

        def delivered():
            found = self.client.messages(created.sid).fetch()
            return found if found.status == "delivered" else None

        found = eventually(delivered)
        self.assertLess(float(found.price), 0)
        self.assertEqual("USD", found.price_unit)
        self.assertGreaterEqual(found.date_sent, found.date_created)

    def test_all_fields_of_a_send(self):
        created = self.client.messages.create(
            to=self.customer, from_=OURS, content_sid="HX" + "0" * 32, content_variables=json.dumps({"1": "Ada"}),
            validity_period=14400, status_callback="http://127.0.0.1:9/status?oid=1",
        )
        self.assertEqual("queued", created.status)
        kept = [m for m in control("GET", TWILIO + "/_sim/log") if m["sid"] == created.sid]
        self.assertEqual("HX" + "0" * 32, kept[0]["content_sid"])
        self.assertEqual({"1": "Ada"}, json.loads(kept[0]["content_variables"]))
        self.assertEqual("14400", kept[0]["validity_period"])

    def test_messaging_service(self):
        sent = self.client.messages.create(to=self.customer, messaging_service_sid="MG" + "0" * 32, body="x")
        self.assertEqual("accepted", sent.status)
        self.assertEqual("MG" + "0" * 32, sent.messaging_service_sid)

    def test_media_sent(self):
        sent = self.send("look", media_url=["https://support.example.com/a.png", "https://support.example.com/b.pdf"])
        self.assertEqual("2", sent.num_media)
        media = self.client.messages(sent.sid).media.list()
        self.assertEqual(["image/png", "application/pdf"], [m.content_type for m in media])

    def test_media_received(self):
        receipt = self.inbound("", no_webhook=True, media=[{"content_type": "image/jpeg"}, {"content_type": "audio/ogg"}])
        message = self.client.messages(receipt["sid"]).fetch()
        self.assertEqual(("inbound", "received", "2"), (message.direction, message.status, message.num_media))
        media = message.media.list()
        self.assertEqual(["image/jpeg", "audio/ogg"], [m.content_type for m in media])
        self.assertEqual(receipt["sid"], media[0].parent_sid)
        again = self.client.messages(receipt["sid"]).media(media[1].sid).fetch()
        self.assertEqual("audio/ogg", again.content_type)
        self.assertIsNotNone(again.date_created)


class Lists(TwilioTest):
    def test_pages(self):
        sent = [self.send(str(i)).sid for i in range(7)][::-1]
        self.assertEqual(sent, [m.sid for m in self.client.messages.list(to=self.customer, page_size=3)])
        self.assertEqual(sent[:4], [m.sid for m in self.client.messages.list(to=self.customer, page_size=2, limit=4)])
        self.assertEqual(sent, [m.sid for m in self.client.messages.stream(to=self.customer, page_size=2)])

        first = self.client.messages.page(to=self.customer, page_size=3)
        self.assertEqual(sent[:3], [m.sid for m in first])
        self.assertIsNone(first.previous_page_url)
        second = first.next_page()
        self.assertEqual(sent[3:6], [m.sid for m in second])
        third = self.client.messages.get_page(second.next_page_url)
        self.assertEqual(sent[6:], [m.sid for m in third])
        self.assertIsNone(third.next_page_url)
        self.assertIsNone(third.next_page())
        self.assertEqual(sent[:3], [m.sid for m in second.previous_page()])

    def test_a_message_between_two_pages_moves_nothing(self):
        sent = [self.send(str(i)).sid for i in range(4)][::-1]
        first = self.client.messages.page(to=self.customer, page_size=2)
        self.send("in between")
        self.assertEqual(sent[2:], [m.sid for m in first.next_page()])

    def test_from_and_to(self):
        out, incoming = self.send().sid, self.inbound("hi", no_webhook=True)["sid"]
        self.assertEqual([out], [m.sid for m in self.client.messages.list(from_=OURS, to=self.customer)])
        self.assertEqual([incoming], [m.sid for m in self.client.messages.list(from_=self.customer)])
        self.assertEqual([], self.client.messages.list(to="whatsapp:+4915700000000"))

    def test_dates(self):
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        ages = [datetime.timedelta(days=3), datetime.timedelta(days=2), datetime.timedelta(hours=2), datetime.timedelta(0)]
        sids = [self.inbound("x", no_webhook=True, at=(now - age).isoformat())["sid"] for age in ages]

        def listed(**when):
            return [m.sid for m in self.client.messages.list(from_=self.customer, **when)]

        self.assertEqual(sids[::-1], listed())
        hour = datetime.timedelta(hours=1)
        self.assertEqual(sids[:0:-1], listed(date_sent_after=now - ages[1] - hour))
        self.assertEqual(sids[1::-1], listed(date_sent_before=now - ages[1] + hour))
        self.assertEqual([sids[1]], listed(date_sent_after=now - ages[1] - hour, date_sent_before=now - ages[1] + hour))
        self.assertEqual([sids[0]], listed(date_sent=(now - ages[0]).date()))
        self.assertEqual([sids[0]], listed(date_sent=now - ages[0]))
        # The library makes midnight, where the day begins, of a date.
        self.assertEqual([sids[0]], listed(date_sent_before=(now - ages[1]).date()))
        self.assertEqual([sids[1]], listed(date_sent_after=now - ages[1], date_sent_before=now - ages[1]), "bounds are included")

    def test_what_the_webhook_missed_is_listed(self):
        self.switch_on("lost-webhook")
        receipt = self.inbound("lost")
        self.assertTrue(receipt["lost"])
        self.assertEqual([receipt["sid"]], [m.sid for m in self.client.messages.list(from_=self.customer)])


class Errors(TwilioTest):
    def test_unknown_message(self):
        problem = self.error(lambda: self.client.messages("SM" + "f" * 32).fetch())
        self.assertEqual((404, 20404), (problem.status, problem.code))

    def test_credentials(self):
        problem = self.error(lambda: client("f" * 32).messages("SM" + "f" * 32).fetch())
        self.assertEqual((401, 20003), (problem.status, problem.code))

    def test_bad_requests(self):
        for code, params in {
            21211: {"to": "whatsapp:0170"},
            21603: {"from_": None},
            21617: {"body": "é" * 1601},
            21619: {"body": ""},
            21624: {"validity_period": 36001},
            21656: {"body": None, "content_sid": "HX" + "0" * 32, "content_variables": "{"},
            21910: {"to": "+491701234567"},
            63007: {"from_": "whatsapp:+4930123456"},
        }.items():
            with self.subTest(code):
                message = {"to": self.customer, "from_": OURS, "body": "x", **params}
                message = {key: value for key, value in message.items() if value is not None}
                problem = self.error(lambda: self.client.messages.create(**message))
                self.assertEqual((400, code), (problem.status, problem.code))

    def test_refusals_by_name(self):
        for name, status in {
            "refused-63016": 400, "refused-63018": 429, "refused-63038": 429, "refused-21610": 400,
            "refused-20429": 429, "refused-21211": 400, "refused-20003": 401,
        }.items():
            with self.subTest(name):
                self.switch_on(name)
                problem = self.error(self.send)
                self.assertEqual((status, int(name[8:])), (problem.status, problem.code))
                self.assertEqual("POST", problem.method)
        self.assertEqual([], self.client.messages.list(to=self.customer))

    def test_server_errors(self):
        for name, status in {"error-500": 500, "error-503": 503}.items():
            with self.subTest(name):
                self.switch_on(name)
                self.assertEqual(status, self.error(self.send).status)

    def test_html(self):
        self.switch_on("html-502")
        # The library expects JSON of every error.
        with self.assertRaises((TwilioException, json.JSONDecodeError)):
            self.send()
        self.assertEqual([], self.client.messages.list(to=self.customer))

    def test_accepted_but_not_told(self):
        for name in ["accept-then-drop", "accept-then-502"]:
            with self.subTest(name):
                self.switch_on(name)
                with self.assertRaises(Exception):
                    self.send(name)
                self.assertEqual(name, self.client.messages.list(to=self.customer, limit=1)[0].body)

    def test_late_failure(self):
        self.switch_on("late-63016")
        sent = self.send()
        self.assertEqual("queued", sent.status)

        def failed():
            found = self.client.messages(sent.sid).fetch()
            return found if found.status == "failed" else None

        found = eventually(failed)
        self.assertEqual(63016, found.error_code)
        self.assertIn("outside the allowed window", found.error_message)
        self.assertIsNone(found.price)

    def test_window(self):
        self.switch_on("window-closed", -1)
        self.switch_on("window-at-once")
        self.assertEqual(63016, self.error(self.send).code)
        self.client.messages.create(to=self.customer, from_=OURS, content_sid="HX" + "0" * 32)


class Signatures(TwilioTest):
    def form(self, request):
        path, headers, body = request
        form = urllib.parse.parse_qs(body.decode(), keep_blank_values=True)
        self.assertTrue(all(len(values) == 1 for values in form.values()))
        return path, headers["X-Twilio-Signature"], {key: values[0] for key, values in form.items()}

    def check(self, base, request):
        path, signature, form = self.form(request)
        validator = RequestValidator(TOKEN)
        self.assertTrue(validator.validate(base + path, form, signature))
        self.assertFalse(validator.validate(base + path, {**form, "Body": form.get("Body", "") + "!"}, signature))
        self.assertFalse(validator.validate(base + path + "x", form, signature))
        self.assertFalse(RequestValidator("f" * 32).validate(base + path, form, signature))
        return form

    def hook(self, path):
        hook = Webhook(self)
        control("PUT", TWILIO + "/_sim/webhook", {"url": hook.url + path})
        self.addCleanup(control, "PUT", TWILIO + "/_sim/webhook", {"url": ""})
        return hook

    def test_inbound(self):
        hook = self.hook("/webhooks/whatsapp?tenant=a%20b&q=%C3%BC+x&empty=#rc=5&rp=all")
        for body in ["Hello", "", "Grüße & 1+1=2 😀\r\n\ttab = 100%", "a=b&c=d", "\u202eright to left\u0000"]:
            with self.subTest(body):
                self.inbound(body, profile_name="Zoë <&>")
                request = hook.next()
                self.assertEqual("/webhooks/whatsapp?tenant=a%20b&q=%C3%BC+x&empty=", request[0])
                form = self.check(hook.url, request)
                self.assertEqual(body, form["Body"])
                self.assertEqual((self.customer, OURS), (form["From"], form["To"]))
                self.assertEqual(self.customer.removeprefix("whatsapp:+"), form["WaId"])

    def test_behind_a_proxy(self):
        hook = Webhook(self)
        for public in ["https://support.example.com", "https://support.example.com:8443", "http://support.example.com:80"]:
            with self.subTest(public):
                control("PUT", TWILIO + "/_sim/webhook", {"url": public + "/in?x=1", "target": hook.url})
                self.inbound("hi")
                self.check(public, hook.next())
        control("PUT", TWILIO + "/_sim/webhook", {"url": ""})

    def test_media_and_buttons(self):
        hook = self.hook("/in")
        self.inbound("", media=[{"content_type": "image/jpeg"}], extra={"ButtonText": "Yes", "ButtonPayload": "continue", "Latitude": "52.5"})
        form = self.check(hook.url, hook.next())
        self.assertEqual(("1", "image/jpeg", "image"), (form["NumMedia"], form["MediaContentType0"], form["MessageType"]))
        self.assertRegex(form["MediaUrl0"], f"^https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/SM[0-9a-f]+/Media/ME[0-9a-f]+$")
        self.assertEqual("continue", form["ButtonPayload"])

    def statuses(self, hook, n):
        return [self.check(hook.url, hook.next())["MessageStatus"] for _ in range(n)]

    def test_status_callbacks(self):
        hook = Webhook(self)
        for name, want in {
            "": ["queued", "sent", "delivered"],
            "statuses-backwards": ["delivered", "sent", "queued"],
            "statuses-twice": ["queued", "queued", "sent", "sent", "delivered", "delivered"],
            "late-63018": ["queued", "failed"],
        }.items():
            with self.subTest(name):
                if name:
                    self.switch_on(name)
                self.send(status_callback=hook.url + "/status?oid=t1%2Fanswer%2F1&x=a+b")
                self.assertEqual(want, self.statuses(hook, len(want)))


if __name__ == "__main__":
    unittest.main()
