// A university with a sign-in of its own and a mailbox: a foreign OpenID Connect provider and a mail server, both on this machine and both written
// by others. What the provider says of a person depends on how the name begins that is typed there:
//   pairwise…  it says nobody's name or address, only a subject that is made for us
//   registry…  it releases name, address and the group of those who work in the registry
//   anything   it releases name and address
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import Provider from "oidc-provider";
import { SMTPServer } from "smtp-server";
import { freePort } from "./site.mjs";

const domain = "aldermoor.example";
const secret = randomBytes(24).toString("hex");

export class University {
  asked = []; // what our site has sent browsers to the provider with
  mails = []; // { to, text }

  // found starts both for a site at this address.
  static async found(base, institution) {
    const u = new University();
    const port = await freePort();
    Object.assign(u, { issuer: `http://127.0.0.1:${port}`, institution });
    const provider = quietly(() => new Provider(u.issuer, settings(`${base}/app/sign-in/oidc/${institution}/callback`)));
    provider.use(async (ctx, next) => {
      if (ctx.path === "/auth") u.asked.push(ctx.query);
      await next();
    });
    u.server = provider.listen(port, "127.0.0.1");
    u.mailbox = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"], logger: false,
      onData: (stream, session, done) => u.#take(stream, session).then(() => done(), done),
    });
    u.mailbox.listen(0, "127.0.0.1");
    await Promise.all([once(u.server, "listening"), once(u.mailbox.server, "listening")]);
    return u;
  }

  // entry is what institutions.yaml says of the provider, and environment what goes with it.
  get entry() {
    return {
      issuer: this.issuer, client_id: "upstander", client_secret_env: "ALDERMOOR_OIDC_SECRET", scopes: ["email", "profile", "groups"], roles: { registry: "staff" },
    };
  }

  get environment() {
    return { ALDERMOOR_OIDC_SECRET: secret, UPSTANDER_SMTP: `smtp://127.0.0.1:${this.mailbox.server.address().port}`, UPSTANDER_MAIL_FROM: `Training <training@${domain}>` };
  }

  async #take(stream, session) {
    let raw = "";
    for await (const chunk of stream) raw += chunk;
    this.mails.push({ to: session.envelope.rcptTo.map((r) => r.address), text: raw.slice(raw.indexOf("\r\n\r\n")) });
  }

  // codeFor reads the code that was mailed to an address last.
  codeFor(address) {
    const mail = this.mails.findLast((m) => m.to.includes(address));
    return /(?<!\d)\d{3} ?\d{3}(?!\d)/.exec(mail?.text)?.[0];
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await new Promise((done) => this.mailbox.close(done));
  }
}

function settings(redirect) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clients: [{ client_id: "upstander", client_secret: secret, redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"], subject_type: "pairwise" }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(24).toString("hex")] },
    ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600 },
    pkce: { required: () => true },
    subjectTypes: ["pairwise"],
    pairwiseIdentifier: (_, account, client) => createHash("sha256").update(`${client.sectorIdentifier} ${account}`).digest("hex"),
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...released(login) }) }),
  };
}

function released(login) {
  if (login.startsWith("pairwise")) return {};
  const groups = login.startsWith("registry") ? ["everybody", "registry"] : ["everybody"];
  return { email: `${login}@${domain}`, email_verified: true, name: "Robin Sample", groups };
}

// quietly holds back what the provider tells whoever would run it for real people.
function quietly(make) {
  const kept = { warn: console.warn, info: console.info };
  console.warn = console.info = () => {};
  try {
    return make();
  } finally {
    Object.assign(console, kept);
  }
}
