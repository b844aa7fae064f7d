"""Control Waypost's simulator from Python tests. Standard library only: copy this file beside your tests.

    sim = Simulator()                                   # attaches to waypost sim on this machine
    ada = sim.phone("15550100001")
    ada.say("hello")
    question = ada.wait(type="interactive", text="milk")
    ada.tap(question, button="Yes")
    sim.advance("25h")
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request


class SimulatorError(Exception):
    """A refusal of the simulator; its text says what to do."""


class Simulator:
    def __init__(self, control_url=None):
        self.control_url = control_url or os.environ.get("SIM_CONTROL", "http://127.0.0.1:9091")
        info = self.ask("GET", "/_sim/info")
        self.graph_url = info["graph_url"]
        self.number = info["numbers"][0]  # id, waba_id, display and access_token

    def ask(self, method, path, body=None, **query):
        query = {name: value for name, value in query.items() if value is not None}
        url = self.control_url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SimulatorError(json.load(error)["error"]) from None

    def set_callback(self, url, verify_token, app_secret):
        self.ask("PUT", "/callback", {"url": url, "verify_token": verify_token, "app_secret": app_secret})

    def wait(self, timeout="10s", **match):
        """The first message that matches, as soon as it is there. Match by phone, type, text, matches, template, status, after …"""
        return self.ask("GET", "/_sim/wait", timeout=timeout, **match)["message"]

    def phone(self, number):
        return Phone(self, number)

    def advance(self, span):
        self.ask("POST", "/_sim/clock", {"advance": span})

    def set_faults(self, *rules):
        self.ask("PUT", "/_sim/faults", list(rules))

    def set_scripts(self, *scripts):
        self.ask("PUT", "/_sim/scripts", {"scripts": list(scripts)})

    def ledger(self, **query):
        return self.ask("GET", "/_sim/messages", **query)["messages"]

    def reset(self):
        self.ask("POST", "/_sim/reset")
        self.set_scripts()
        self.set_faults()


class Phone:
    def __init__(self, sim, number):
        self.sim, self.number = sim, number

    def set(self, **change):
        return self.sim.ask("PUT", f"/phones/{self.number}", change)

    def write(self, **message):
        return self.sim.ask("POST", f"/phones/{self.number}/messages", message)["id"]

    def say(self, text):
        return self.write(text=text)

    def wait(self, **match):
        return self.sim.wait(phone=self.number, **match)

    def tap(self, message, **tap):
        return self.sim.ask("POST", f"/phones/{self.number}/tap", {"message": message["id"], **tap})
