// Tests of a small shop against the simulator. Start `waypost sim --profile calm`, then: node --test order.test.mjs
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { Simulator } from "./simulator.mjs";

// The program under test: it knows Meta's API and nothing of a simulator.
class Shop {
  constructor(graphURL, numberID, token) {
    this.messagesURL = `${graphURL}/v26.0/${numberID}/messages`;
    this.token = token;
    this.server = createServer(async (request, response) => {
      if (request.method === "GET") {
        response.end(new URL(request.url, "http://shop").searchParams.get("hub.challenge"));
        return;
      }
      const parts = [];
      for await (const part of request) parts.push(part);
      response.end();
      for (const entry of JSON.parse(Buffer.concat(parts)).entry)
        for (const change of entry.changes) for (const message of change.value.messages ?? []) await this.receive(message);
    });
  }

  async listen() {
    await new Promise((ready) => this.server.listen(0, "127.0.0.1", ready));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
  }

  async receive(message) {
    if (message.type === "text") {
      const button = (id, title) => ({ type: "reply", reply: { id, title } });
      await this.send(message.from, "interactive", {
        type: "button",
        body: { text: "With milk?" },
        action: { buttons: [button("milk", "Yes"), button("black", "No")] },
      });
    } else if (message.type === "interactive") {
      await this.send(message.from, "text", { body: `One coffee, ${message.interactive.button_reply.id}.` });
    }
  }

  async send(to, type, content) {
    const answer = await fetch(this.messagesURL, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ messaging_product: "whatsapp", to, type, [type]: content }),
    });
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error.message);
    return value.messages[0].id;
  }
}

let sim, shop, ada;

before(async () => {
  sim = await Simulator.attach();
  shop = new Shop(sim.graphURL, sim.number.id, sim.number.access_token);
  await shop.listen();
  ada = sim.phone("15550100001");
});
beforeEach(async () => {
  await sim.reset();
  await sim.setCallback(shop.url, "verify", "secret");
});
after(() => {
  shop.server.close();
  shop.server.closeAllConnections();
});

test("order", async () => {
  await ada.say("One coffee, please");
  const question = await ada.wait({ type: "interactive", text: "milk" });
  await ada.tap(question, { button: "Yes" });
  const answer = await ada.wait({ after: question.seq });
  assert.equal(answer.text, "One coffee, milk.");
});

test("the window closes", async () => {
  await ada.say("hello");
  await ada.wait({ type: "interactive" });
  await sim.advance("25h");
  const wamid = await shop.send("15550100001", "text", { body: "Are you still there?" });
  const message = await ada.wait({ id: wamid, status: "delivered,failed" });
  assert.equal(message.status, "failed");
});

test("Meta is down for a moment", async () => {
  await sim.setFaults({ do: "error", code: 131000, times: 1 });
  const template = { name: "hello_world", language: { code: "en_US" } };
  await assert.rejects(shop.send("15550100001", "template", template));
  await shop.send("15550100001", "template", template);
  assert.deepEqual((await sim.ledger({ direction: "out" })).map((m) => m.outcome), ["refused", "accepted"]);
});
