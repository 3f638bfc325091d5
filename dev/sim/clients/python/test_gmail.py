"""The Gmail simulator, checked with Google's own client libraries."""

import base64
import email
import email.message
import email.policy
import io
import itertools
import json
import os
import pathlib
import time
import unittest
import urllib.parse

from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload
from support import GMAIL, Simulated, control

CREDENTIALS = os.environ["SIM_CREDENTIALS"]
SCOPES = ["https://www.googleapis.com/auth/gmail.modify"]
MAILBOXES = iter(os.environ["SIM_MAILBOXES"].split(","))
COUNT = itertools.count(1)


def credentials(subject, scopes=SCOPES):
    return service_account.Credentials.from_service_account_file(CREDENTIALS, scopes=scopes).with_subject(subject)


def users(credentials):
    """The API by the description that comes with the package, which is told where the simulator is."""
    file = pathlib.Path(discovery_cache.__file__).parent / "documents" / "gmail.v1.json"
    document = json.loads(file.read_text())
    document["rootUrl"] = document["baseUrl"] = GMAIL + "/"
    service = build_from_document(document, credentials=credentials)
    return service, service.users()


def mail(**headers):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message.set_content(headers.pop("text", "How do I reset it?"), cte="quoted-printable")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


class GmailTest(Simulated):
    simulator = GMAIL

    def setUp(self):
        super().setUp()
        self.mailbox = next(MAILBOXES)
        self.credentials = credentials(self.mailbox)
        service, self.users = users(self.credentials)
        self.addCleanup(service.close)

    def deliver(self, message=None, **options):
        if message is None:
            message = mail(From="Ada <ada@customer.example>", To=self.mailbox, Subject=f"Reset {next(COUNT)}", Message_ID=f"<q{next(COUNT)}@customer.example>")
        query = urllib.parse.urlencode({"options": json.dumps(options)})
        return control("POST", f"{GMAIL}/_sim/deliver?{query}", message.as_bytes())["id"]

    def answer(self, **headers):
        return mail(**{"From": self.mailbox, "To": "ada@customer.example", "Subject": "Re: Reset", "text": "Open Settings.", **headers})

    def raw(self, message):
        return base64.urlsafe_b64encode(message.as_bytes()).decode()

    def get(self, id, **more):
        return self.users.messages().get(userId="me", id=id, **more).execute()

    def parsed(self, id):
        raw = base64.urlsafe_b64decode(self.get(id, format="raw")["raw"])
        return email.message_from_bytes(raw, policy=email.policy.default)

    def pages(self, collection, request, next_request, key):
        """Goes through all pages as the library does it."""
        pages = []
        while request is not None:
            response = request.execute()
            pages.append(response.get(key, []))
            last, request = response, next_request(request, response)
        return pages, last

    def cursor(self):
        return self.users.getProfile(userId="me").execute()["historyId"]

    def history(self, start, **more):
        api = self.users.history()
        pages, last = self.pages(api, api.list(userId="me", startHistoryId=start, **more), api.list_next, "history")
        return pages, last["historyId"]

    def error(self, request):
        with self.assertRaises(HttpError) as caught:
            request.execute()
        return caught.exception


class Tokens(GmailTest):
    def test_delegated_token(self):
        self.credentials.refresh(Request())
        self.assertTrue(self.credentials.valid)
        self.assertGreater(self.credentials.expiry.timestamp(), time.time() - time.timezone - 24 * 3600)
        self.assertTrue(self.credentials.token.startswith("ya29."))
        self.assertEqual(self.mailbox, self.users.getProfile(userId="me").execute()["emailAddress"])

    def test_refused_tokens(self):
        for name, subject, scopes in [("invalid_grant", "stranger@example.com", SCOPES), ("invalid_scope", self.mailbox, [])]:
            with self.subTest(name), self.assertRaises(RefreshError) as caught:
                credentials(subject, scopes).refresh(Request())
            self.assertIn(name, str(caught.exception))
        self.switch_on("delegation-missing")
        with self.assertRaises(RefreshError) as caught:
            credentials(self.mailbox).refresh(Request())
        self.assertIn("unauthorized_client", str(caught.exception))

    def test_narrow_scope(self):
        narrow = credentials(self.mailbox, ["https://www.googleapis.com/auth/drive"])
        service, api = users(narrow)
        self.addCleanup(service.close)
        problem = self.error(api.getProfile(userId="me"))
        self.assertEqual(403, problem.status_code)
        self.assertEqual("insufficientPermissions", problem.error_details[0]["reason"])

    def test_expired_token_is_renewed(self):
        self.cursor()
        before = self.credentials.token
        self.switch_on("expired-token")
        self.assertTrue(self.cursor(), "the library asks for a new token and tries again")
        self.assertTrue(before)


class Reading(GmailTest):
    def test_profile(self):
        self.deliver()
        profile = self.users.getProfile(userId="me").execute()
        self.assertEqual(self.mailbox, profile["emailAddress"])
        self.assertEqual((1, 1), (profile["messagesTotal"], profile["threadsTotal"]))
        self.assertRegex(profile["historyId"], r"^\d+$", "64 bit numbers are strings")

    def test_watch_and_stop(self):
        body = {"topicName": "projects/p/topics/gmail", "labelIds": ["INBOX"], "labelFilterBehavior": "INCLUDE"}
        watched = self.users.watch(userId="me", body=body).execute()
        self.assertEqual(self.cursor(), watched["historyId"])
        self.assertAlmostEqual(time.time() + 7 * 24 * 3600, int(watched["expiration"]) / 1000, delta=60)
        self.assertFalse(self.users.stop(userId="me").execute())
        self.assertEqual(400, self.error(self.users.watch(userId="me", body={"topicName": "gmail"})).status_code)

    def test_formats(self):
        id = self.deliver(mail(From="Zoë <zoe@customer.example>", To=self.mailbox, Subject="Grüße", Message_ID="<z@customer.example>", text="How long?\nTwelve — ünïcödé"))
        raw = self.parsed(id)
        self.assertEqual("Grüße", raw["Subject"])
        self.assertIn("ünïcödé", raw.get_content())
        self.assertIn("dmarc=pass", raw["Authentication-Results"])

        minimal = self.get(id, format="minimal")
        self.assertEqual({"INBOX", "UNREAD"}, set(minimal["labelIds"]))
        self.assertNotIn("payload", minimal)
        self.assertRegex(minimal["internalDate"], r"^\d{13}$")
        self.assertGreater(minimal["sizeEstimate"], 100)
        self.assertIn("How long?", minimal["snippet"])

        metadata = self.get(id, format="metadata", metadataHeaders=["Subject", "message-id"])
        self.assertEqual({("Subject", "Grüße"), ("Message-ID", "<z@customer.example>")}, {(h["name"], h["value"]) for h in metadata["payload"]["headers"]})
        self.assertNotIn("parts", metadata["payload"])

        full = self.get(id)
        self.assertEqual("text/plain", full["payload"]["mimeType"])
        self.assertIn("ünïcödé", base64.urlsafe_b64decode(full["payload"]["body"]["data"]).decode())

    def test_attachment(self):
        message = mail(From="ada@customer.example", To=self.mailbox, Subject="Invoice")
        message.add_alternative("<p>How do I reset it?</p>", subtype="html")
        message.add_attachment(b"%PDF-1.7\x00\xff", maintype="application", subtype="pdf", filename="Rechnung März.pdf")
        id = self.deliver(message)
        payload = self.get(id, format="full")["payload"]
        self.assertEqual("multipart/mixed", payload["mimeType"])
        alternative, attachment = payload["parts"]
        self.assertEqual(["text/plain", "text/html"], [part["mimeType"] for part in alternative["parts"]])
        self.assertEqual(["0.0", "0.1"], [part["partId"] for part in alternative["parts"]])
        self.assertEqual(("1", "Rechnung März.pdf", "application/pdf"), (attachment["partId"], attachment["filename"], attachment["mimeType"]))
        fetched = self.users.messages().attachments().get(userId="me", messageId=id, id=attachment["body"]["attachmentId"]).execute()
        self.assertEqual(b"%PDF-1.7\x00\xff", base64.urlsafe_b64decode(fetched["data"]))
        self.assertEqual((10, 10), (fetched["size"], attachment["body"]["size"]))

    def test_list_and_search(self):
        old = self.deliver(at="2026-01-02T03:04:05Z")
        ids = [self.deliver() for _ in range(5)][::-1]
        api = self.users.messages()
        pages, _ = self.pages(api, api.list(userId="me", maxResults=2), api.list_next, "messages")
        self.assertEqual([2, 2, 2], [len(page) for page in pages])
        self.assertEqual(ids + [old], [m["id"] for page in pages for m in page])

        def found(**query):
            return [m["id"] for m in api.list(userId="me", **query).execute().get("messages", [])]

        self.assertEqual(ids, found(q="after:1767500000 -in:sent"))
        self.assertEqual([old], found(q="before:2026/02/01"))
        self.assertEqual([], found(labelIds=["SPAM"]))
        spam = self.deliver(labels=["SPAM"])
        self.assertNotIn(spam, found())
        self.assertEqual([spam], found(labelIds=["SPAM"]))
        self.assertIn(spam, found(includeSpamTrash=True))
        number = self.parsed(ids[0])["Message-ID"]
        self.assertEqual([ids[0]], found(q="rfc822msgid:" + number))

    def test_labels(self):
        id, start = self.deliver(), self.cursor()
        changed = self.users.messages().modify(userId="me", id=id, body={"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}).execute()
        self.assertEqual({"INBOX", "STARRED"}, set(changed["labelIds"]))
        (records,), _ = self.history(start)
        self.assertEqual(["UNREAD"], records[0]["labelsRemoved"][0]["labelIds"])
        self.assertEqual(["STARRED"], records[1]["labelsAdded"][0]["labelIds"])
        self.assertEqual({"INBOX", "STARRED"}, set(records[1]["labelsAdded"][0]["message"]["labelIds"]))


class Histories(GmailTest):
    def test_pages(self):
        start = self.cursor()
        ids = [self.deliver() for _ in range(5)]
        pages, end = self.history(start, historyTypes=["messageAdded"], maxResults=2)
        self.assertEqual([2, 2, 1], [len(page) for page in pages])
        records = [record for page in pages for record in page]
        self.assertEqual(ids, [record["messagesAdded"][0]["message"]["id"] for record in records])
        self.assertEqual(sorted(int(r["id"]) for r in records), [int(r["id"]) for r in records])
        self.assertEqual(self.cursor(), end)
        self.assertEqual([[]], self.history(end)[0])
        self.assertEqual(ids[2:], [r["messagesAdded"][0]["message"]["id"] for r in self.history(records[1]["id"])[0][0]])

    def test_types(self):
        start, id = self.cursor(), self.deliver()
        self.users.messages().modify(userId="me", id=id, body={"removeLabelIds": ["UNREAD"]}).execute()
        for kinds, keys in [(["messageAdded"], ["messagesAdded"]), (["labelRemoved"], ["labelsRemoved"]), (["messageAdded", "labelRemoved"], ["messagesAdded", "labelsRemoved"]), (["messageDeleted"], [])]:
            (records,), _ = self.history(start, historyTypes=kinds)
            self.assertEqual(keys, [(set(r) - {"id", "messages"}).pop() for r in records])

    def test_too_old(self):
        start = self.cursor()
        self.switch_on("history-404")
        problem = self.error(self.users.history().list(userId="me", startHistoryId=start))
        self.assertEqual(404, problem.status_code)
        self.assertEqual("notFound", problem.error_details[0]["reason"])
        self.assertEqual([[]], self.history(self.cursor())[0])

    def test_before_it_is_indexed(self):
        start = self.cursor()
        self.switch_on("early-push")
        id = self.deliver()
        pages, cursor = self.history(start)
        self.assertEqual(([[]], start), (pages, cursor))
        (records,), _ = self.history(cursor)
        self.assertEqual(id, records[0]["messagesAdded"][0]["message"]["id"])

    def test_spam_and_rescue(self):
        self.switch_on("spam")
        id, start = self.deliver(), self.cursor()
        self.assertEqual({"SPAM", "UNREAD"}, set(self.get(id)["labelIds"]))
        control("POST", f"{GMAIL}/_sim/rescue?" + urllib.parse.urlencode({"mailbox": self.mailbox, "id": id}))
        (records,), _ = self.history(start, historyTypes=["messageAdded", "labelRemoved", "labelAdded"])
        self.assertEqual(["SPAM"], records[0]["labelsRemoved"][0]["labelIds"])
        self.assertEqual(["INBOX"], records[1]["labelsAdded"][0]["labelIds"])


class Sending(GmailTest):
    def draft(self, message, **more):
        return self.users.drafts().create(userId="me", body={"message": {"raw": self.raw(message), **more}}).execute()

    def test_draft(self):
        draft = self.draft(self.answer(X_Support_Outbound_Id="o1"))
        self.assertEqual(["DRAFT"], draft["message"]["labelIds"])
        got = self.users.drafts().get(userId="me", id=draft["id"], format="metadata").execute()
        self.assertIn({"name": "X-Support-Outbound-Id", "value": "o1"}, got["message"]["payload"]["headers"])
        listed = self.users.drafts().list(userId="me").execute()["drafts"]
        self.assertEqual([(draft["id"], draft["message"]["id"])], [(d["id"], d["message"]["id"]) for d in listed])

        sent = self.users.drafts().send(userId="me", body={"id": draft["id"]}).execute()
        self.assertEqual(["SENT"], sent["labelIds"])
        self.assertNotEqual(draft["message"]["id"], sent["id"])
        for request in [self.users.drafts().get(userId="me", id=draft["id"]), self.users.drafts().send(userId="me", body={"id": draft["id"]}), self.users.drafts().delete(userId="me", id=draft["id"])]:
            self.assertEqual(404, self.error(request).status_code)
        self.assertEqual([], self.users.drafts().list(userId="me").execute().get("drafts", []))

    def test_draft_deleted(self):
        draft = self.draft(self.answer())
        self.assertFalse(self.users.drafts().delete(userId="me", id=draft["id"]).execute())
        self.assertEqual(404, self.error(self.users.drafts().get(userId="me", id=draft["id"])).status_code)

    def test_drafts_in_pages(self):
        made = {self.draft(self.answer())["id"] for _ in range(3)}
        api = self.users.drafts()
        pages, _ = self.pages(api, api.list(userId="me", maxResults=2), api.list_next, "drafts")
        self.assertEqual([2, 1], [len(page) for page in pages])
        self.assertEqual(made, {d["id"] for page in pages for d in page})

    def test_thread(self):
        question = self.deliver(mail(From="ada@customer.example", To=self.mailbox, Subject="Reset", Message_ID="<t@customer.example>"))
        thread = self.get(question)["threadId"]
        reply = self.answer(In_Reply_To="<t@customer.example>", References="<t@customer.example>", X_Support_Outbound_Id="o2")
        draft = self.draft(reply, threadId=thread)
        self.assertEqual(thread, draft["message"]["threadId"])
        sent = self.users.drafts().send(userId="me", body={"id": draft["id"]}).execute()
        self.assertEqual(thread, sent["threadId"])
        found = self.users.threads().get(userId="me", id=thread, format="metadata", metadataHeaders=["X-Support-Outbound-Id"]).execute()
        self.assertEqual([question, sent["id"]], [m["id"] for m in found["messages"]])
        self.assertEqual([{"name": "X-Support-Outbound-Id", "value": "o2"}], found["messages"][1]["payload"]["headers"])
        self.assertEqual(404, self.error(self.users.threads().get(userId="me", id="10000000000000ff")).status_code)
        other = self.draft(self.answer(Subject="Something else", In_Reply_To="<t@customer.example>", References="<t@customer.example>"), threadId=thread)
        self.assertNotEqual(thread, other["message"]["threadId"], "the subject must match")

    def test_message_id(self):
        def sent(message):
            return self.parsed(self.users.messages().send(userId="me", body={"raw": self.raw(message)}).execute()["id"])

        self.assertRegex(sent(self.answer(Message_ID="<ours@example.com>"))["Message-ID"], r"^<[^<>@]+@mail\.gmail\.com>$")
        self.switch_on("message-id-kept")
        self.assertEqual("<ours@example.com>", sent(self.answer(Message_ID="<ours@example.com>"))["Message-ID"])

    def test_uploads(self):
        message = self.answer(Subject="Upload", text="große Datei")
        for send in [
            lambda media: self.users.messages().send(userId="me", body={}, media_body=media).execute(),
            lambda media: self.users.messages().send(userId="me", media_body=media).execute(),
            lambda media: self.users.drafts().send(userId="me", body={"id": self.users.drafts().create(userId="me", body={"message": {}}, media_body=media).execute()["id"]}).execute(),
        ]:
            sent = send(MediaIoBaseUpload(io.BytesIO(message.as_bytes()), mimetype="message/rfc822"))
            self.assertEqual("große Datei", self.parsed(sent["id"]).get_content().strip())

    def test_bounces(self):
        for kind, action, status in [("bounce", "failed", "5.1.1"), ("bounce-full", "failed", "5.2.2"), ("bounce-delayed", "delayed", "4.4.1")]:
            with self.subTest(kind):
                start = self.cursor()
                self.switch_on(kind)
                sent = self.users.messages().send(userId="me", body={"raw": self.raw(self.answer(X_Support_Outbound_Id=kind))}).execute()
                (records,), _ = self.history(start, historyTypes=["messageAdded"])
                self.assertEqual(2, len(records))
                notice = self.parsed(records[1]["messagesAdded"][0]["message"]["id"])
                self.assertEqual("multipart/report", notice.get_content_type())
                self.assertEqual("delivery-status", notice.get_param("report-type"))
                self.assertEqual(self.parsed(sent["id"])["Message-ID"], notice["In-Reply-To"])
                _, report, original = notice.iter_parts()
                self.assertEqual("message/delivery-status", report.get_content_type())
                whole, recipient = report.get_payload()
                self.assertEqual("dns; googlemail.com", whole["Reporting-MTA"])
                self.assertEqual(("rfc822; ada@customer.example", action, status), (recipient["Final-Recipient"], recipient["Action"], recipient["Status"]))
                self.assertEqual(kind, original.get_payload(0)["X-Support-Outbound-Id"])


class Errors(GmailTest):
    def test_reasons(self):
        for name, status, reason in [
            ("user-rate-limit", 403, "userRateLimitExceeded"), ("rate-limit", 403, "rateLimitExceeded"), ("daily-limit", 403, "dailyLimitExceeded"),
            ("insufficient-permissions", 403, "insufficientPermissions"), ("domain-policy", 403, "domainPolicy"),
            ("too-many-requests", 429, "rateLimitExceeded"), ("error-500", 500, "backendError"), ("error-503", 503, "backendError"),
        ]:
            with self.subTest(name):
                self.switch_on(name)
                problem = self.error(self.users.getProfile(userId="me"))
                self.assertEqual(status, problem.status_code)
                self.assertEqual(reason, problem.error_details[0]["reason"])
                self.assertTrue(problem.reason)
        self.assertTrue(self.cursor())

    def test_throttling_is_known_to_the_library(self):
        # With retries the library waits and asks again only for what it takes for throttling.
        for name in ["user-rate-limit", "rate-limit", "too-many-requests", "error-503"]:
            with self.subTest(name):
                self.switch_on(name)
                self.assertTrue(self.users.getProfile(userId="me").execute(num_retries=1))
        self.switch_on("domain-policy")
        with self.assertRaises(HttpError):
            self.users.getProfile(userId="me").execute(num_retries=1)

    def test_html(self):
        self.switch_on("html-502")
        self.assertEqual(502, self.error(self.users.getProfile(userId="me")).status_code)

    def test_not_found(self):
        for request in [
            self.users.messages().get(userId="me", id="10000000000000ff"),
            self.users.messages().modify(userId="me", id="10000000000000ff", body={"addLabelIds": ["STARRED"]}),
            self.users.drafts().get(userId="me", id="r1"),
        ]:
            problem = self.error(request)
            self.assertEqual((404, "notFound"), (problem.status_code, problem.error_details[0]["reason"]))
            self.assertEqual("Requested entity was not found.", problem.reason)

    def test_bad_requests(self):
        for request in [
            self.users.messages().send(userId="me", body={"raw": self.raw(mail(From=self.mailbox, Subject="nobody"))}),
            self.users.messages().send(userId="me", body={}),
            self.users.history().list(userId="me", startHistoryId="x"),
        ]:
            problem = self.error(request)
            self.assertEqual((400, "invalidArgument"), (problem.status_code, problem.error_details[0]["reason"]))

    def test_another_mailbox(self):
        self.assertEqual(403, self.error(self.users.getProfile(userId="other@example.com")).status_code)

    def test_sent_but_not_told(self):
        for name in ["accept-then-drop", "accept-then-502"]:
            with self.subTest(name):
                draft = self.users.drafts().create(userId="me", body={"message": {"raw": self.raw(self.answer())}}).execute()
                self.switch_on(name)
                with self.assertRaises(Exception):
                    self.users.drafts().send(userId="me", body={"id": draft["id"]}).execute()
                self.assertEqual(404, self.error(self.users.drafts().get(userId="me", id=draft["id"])).status_code)


if __name__ == "__main__":
    unittest.main()
