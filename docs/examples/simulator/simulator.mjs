// Control Waypost's simulator from tests in Node. Nothing but the built-in fetch: copy this file beside your tests.
//
//   const sim = await Simulator.attach(); // waypost sim on this machine
//   const ada = sim.phone("15550100001");
//   await ada.say("hello");
//   const question = await ada.wait({ type: "interactive", text: "milk" });
//   await ada.tap(question, { button: "Yes" });
//   await sim.advance("25h");

export class Simulator {
  static async attach(controlURL = process.env.SIM_CONTROL ?? "http://127.0.0.1:9091") {
    const sim = new Simulator(controlURL);
    const info = await sim.ask("GET", "/_sim/info");
    sim.graphURL = info.graph_url;
    sim.number = info.numbers[0]; // id, waba_id, display and access_token
    return sim;
  }

  constructor(controlURL) {
    this.controlURL = controlURL;
  }

  async ask(method, path, { body, query } = {}) {
    const url = this.controlURL + path + (query ? "?" + new URLSearchParams(query) : "");
    const answer = await fetch(url, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error);
    return value;
  }

  setCallback(url, verifyToken, appSecret) {
    return this.ask("PUT", "/callback", { body: { url, verify_token: verifyToken, app_secret: appSecret } });
  }

  // The first message that matches, as soon as it is there: by phone, type, text, matches, template, status, after …
  async wait({ timeout = "10s", ...match }) {
    return (await this.ask("GET", "/_sim/wait", { query: { timeout, ...match } })).message;
  }

  phone(number) {
    return new Phone(this, number);
  }

  advance(span) {
    return this.ask("POST", "/_sim/clock", { body: { advance: span } });
  }

  setFaults(...rules) {
    return this.ask("PUT", "/_sim/faults", { body: rules });
  }

  setScripts(...scripts) {
    return this.ask("PUT", "/_sim/scripts", { body: { scripts } });
  }

  async ledger(query = {}) {
    return (await this.ask("GET", "/_sim/messages", { query })).messages;
  }

  async reset() {
    await this.ask("POST", "/_sim/reset");
    await this.setScripts();
    await this.setFaults();
  }
}

class Phone {
  constructor(sim, number) {
    this.sim = sim;
    this.number = number;
  }

  set(change) {
    return this.sim.ask("PUT", `/phones/${this.number}`, { body: change });
  }

  async write(message) {
    return (await this.sim.ask("POST", `/phones/${this.number}/messages`, { body: message })).id;
  }

  say(text) {
    return this.write({ text });
  }

  wait(match) {
    return this.sim.wait({ phone: this.number, ...match });
  }

  tap(message, tap) {
    return this.sim.ask("POST", `/phones/${this.number}/tap`, { body: { message: message.id, ...tap } });
  }
}
