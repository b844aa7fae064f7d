"""Tests of a small shop against the simulator. Start `waypost sim --profile calm`, then: python3 test_order.py"""

import json
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulator import Simulator, SimulatorError


class Shop:
    """The program under test: it knows Meta's API and nothing of a simulator."""

    def __init__(self, graph_url, number_id, token):
        self.messages_url, self.token = f"{graph_url}/v26.0/{number_id}/messages", token
        shop = self

        class Callback(BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                self.answer(query["hub.challenge"][0].encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(b"")
                for entry in body["entry"]:
                    for change in entry["changes"]:
                        for message in change["value"].get("messages", []):
                            shop.receive(message)

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, message):
        if message["type"] == "text":
            self.send(message["from"], "interactive", {
                "type": "button", "body": {"text": "With milk?"},
                "action": {"buttons": [
                    {"type": "reply", "reply": {"id": "milk", "title": "Yes"}},
                    {"type": "reply", "reply": {"id": "black", "title": "No"}},
                ]},
            })
        elif message["type"] == "interactive":
            choice = message["interactive"]["button_reply"]["id"]
            self.send(message["from"], "text", {"body": f"One coffee, {choice}."})

    def send(self, to, kind, content):
        body = json.dumps({"messaging_product": "whatsapp", "to": to, "type": kind, kind: content}).encode()
        request = urllib.request.Request(self.messages_url, body, {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
        })
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["messages"][0]["id"]


class OrderTest(unittest.TestCase):
    def setUp(self):
        self.sim = Simulator()
        self.sim.reset()
        self.shop = Shop(self.sim.graph_url, self.sim.number["id"], self.sim.number["access_token"])
        self.sim.set_callback(self.shop.url, "verify", "secret")
        self.addCleanup(self.shop.server.server_close)
        self.addCleanup(self.shop.server.shutdown)
        self.ada = self.sim.phone("15550100001")

    def test_order(self):
        self.ada.say("One coffee, please")
        question = self.ada.wait(type="interactive", text="milk")
        self.ada.tap(question, button="No")
        answer = self.ada.wait(after=question["seq"])
        self.assertEqual(answer["text"], "One coffee, black.")

    def test_window_closes(self):
        self.ada.say("hello")
        self.ada.wait(type="interactive")
        self.sim.advance("25h")
        wamid = self.shop.send("15550100001", "text", {"body": "Are you still there?"})
        message = self.ada.wait(id=wamid, status="delivered,failed")
        self.assertEqual(message["status"], "failed")

    def test_meta_is_down(self):
        self.sim.set_faults({"do": "error", "code": 131000, "times": 1})
        template = {"name": "hello_world", "language": {"code": "en_US"}}
        with self.assertRaises(urllib.error.HTTPError):
            self.shop.send("15550100001", "template", template)
        self.shop.send("15550100001", "template", template)
        self.assertEqual([m["outcome"] for m in self.sim.ledger(direction="out")], ["refused", "accepted"])

    def test_nothing_comes(self):
        with self.assertRaisesRegex(SimulatorError, "no such message"):
            self.ada.wait(type="image", timeout="10ms")


if __name__ == "__main__":
    unittest.main()
