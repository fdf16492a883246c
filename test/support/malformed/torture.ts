/* eslint max-lines: "off" -- a table of messages */
/**
 * The messages of RFC 4475 by their names, written from its descriptions: first valid ones that are hard to parse, then invalid ones,
 * then those that need care in their handling.
 */
interface Message {
  start: string;
  /** Lines that replace usual ones, or are added. */
  headers?: string[];
  /** Usual headers that are left out. */
  without?: string[];
  body?: string;
  /** Content-Length when it is not that of the body. */
  length?: string;
}

const usual: Record<string, string> = {
  Via: "Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK-torture",
  "Max-Forwards": "Max-Forwards: 70",
  From: "From: <sip:caller@example.net>;tag=torture",
  To: "To: <sip:user@example.com>",
  "Call-ID": "Call-ID: torture@example.net",
  CSeq: "CSeq: 8 INVITE",
  Contact: "Contact: <sip:caller@203.0.113.10>",
};
const sdp =
  "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n";
const withSdp = ["Content-Type: application/sdp"];
const invite = "INVITE sip:user@example.com SIP/2.0";
const options = "OPTIONS sip:user@example.com SIP/2.0";
const register = "REGISTER sip:example.com SIP/2.0";
const cseq = (method: string) => `CSeq: 8 ${method}`;

const messages: Record<string, Message> = {
  // 3.1.1: valid
  wsinv: {
    start: "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
    without: ["Via", "To", "From", "Max-Forwards", "Call-ID", "CSeq", "Contact"],
    headers: [
      "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
      'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8',
      "MaX-fOrWaRdS: 0068",
      "Call-ID: wsinv.ndaksdj@192.0.2.1",
      "cseq: 0009\r\n  INVITE",
      "Via  : SIP  /   2.0\r\n /UDP\r\n    203.0.113.10;branch=390skdjuw",
      "s :",
      "NewFangledHeader:   newfangled value\r\n continued newfangled value",
      "UnknownHeaderWithUnusualValue: ;;,,;;,;",
      "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
      "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239",
      'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33',
      ...withSdp,
    ],
    body: sdp,
  },
  intmeth: {
    start:
      "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
    without: ["CSeq", "To"],
    headers: [
      cseq("!interesting-Method0123456789_*+`.%indeed'~"),
      'To: "BEL:\x07 NUL:\0 DEL:\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
      "extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
    ],
  },
  esc01: {
    start: "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
    headers: ["m: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>", ...withSdp],
    body: sdp,
  },
  escnull: {
    start: register,
    without: ["CSeq", "To", "From"],
    headers: [
      cseq("REGISTER"),
      "To: sip:null-%00-null@example.com",
      "From: sip:null-%00-null@example.com;tag=839923423",
      "L:0",
      "Contact: <sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>",
    ],
  },
  esc02: {
    start: "RE%47IST%45R sip:registrar.example.com SIP/2.0",
    without: ["CSeq"],
    headers: [cseq("RE%47IST%45R")],
  },
  lwsdisp: {
    start: options,
    without: ["CSeq", "From"],
    headers: [cseq("OPTIONS"), "From: caller<sip:caller@example.com>;tag=323"],
  },
  longreq: {
    start: invite,
    headers: [
      `To: "I have a user name of ${"extreme".repeat(40)} proportion"<sip:user@example.com:6000;unknownparam1=${"very".repeat(60)}long>`,
      `Unknown-${"Long".repeat(60)}-Name: unknown-${"long".repeat(60)}-value; unknown-param`,
      ...Array.from(
        { length: 30 },
        (_, i) => `Via: SIP/2.0/UDP sip${i}.example.com;branch=z9hG4bK${"v".repeat(60)}${i}`,
      ),
      ...withSdp,
    ],
    body: sdp,
  },
  dblreq: {
    start: register,
    without: ["CSeq"],
    headers: [cseq("REGISTER")],
    length: "0",
    body: `${invite}\r\nVia: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234\r\n\r\n`,
  },
  semiuri: {
    start: "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
    without: ["CSeq"],
    headers: [cseq("OPTIONS")],
  },
  transports: {
    start: options,
    without: ["CSeq"],
    headers: [
      cseq("OPTIONS"),
      ...["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"].map(
        (name, i) => `Via: SIP/2.0/${name} t${i}.example.com;branch=z9hG4bK${i}`,
      ),
    ],
  },
  mpart01: {
    start: "MESSAGE sip:kumiko@example.org SIP/2.0",
    without: ["CSeq"],
    headers: [cseq("MESSAGE"), "Content-Type: multipart/signed; boundary=7a9cbec02ceef655; micalg=sha1"],
    body: `--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n${"\x00\x82\xff\x30".repeat(40)}\r\n--7a9cbec02ceef655--\r\n`,
  },
  unreason: {
    start: "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe",
    headers: withSdp,
    body: sdp,
  },
  noreason: { start: "SIP/2.0 100 " },

  // 3.1.2: invalid
  badinv01: {
    start: invite,
    without: ["To", "Contact"],
    headers: [
      'To: "Mr. J. User <sip:j.user@example.com>',
      'Contact: "Joe" <sip:joe@example.org>;;;;',
      "Via: SIP/2.0/UDP 192.0.2.15;;,;,,",
    ],
  },
  clerr: { start: invite, headers: withSdp, body: sdp, length: "9999" },
  ncl: { start: invite, headers: withSdp, body: sdp, length: "-999" },
  scalar02: {
    start: register,
    without: ["CSeq", "Max-Forwards"],
    headers: [
      "CSeq: 36893488147419103232 REGISTER",
      "Max-Forwards: 300",
      "Expires: 10000000000000000000000",
      "Contact: <sip:user@host129.example.com>;expires=280297596632815",
    ],
  },
  scalarlg: {
    start: "SIP/2.0 503 Service Unavailable",
    without: ["CSeq"],
    headers: [
      "CSeq: 9292394834772304023312 OPTIONS",
      "Retry-After: 949302838503028349304023988",
      'Warning: 1812 overture "In Progress"',
    ],
  },
  quotbal: {
    start: invite,
    without: ["To"],
    headers: ['To: "Mr. J. User <sip:j.user@example.com>', ...withSdp],
    body: sdp,
  },
  ltgtruri: { start: "INVITE <sip:user@example.com> SIP/2.0", headers: withSdp, body: sdp },
  lwsruri: { start: "INVITE sip:user@example.com; lr SIP/2.0", headers: withSdp, body: sdp },
  lwsstart: { start: "INVITE  sip:user@example.com  SIP/2.0", headers: withSdp, body: sdp },
  trws: {
    start: "OPTIONS sip:remote-target@example.com SIP/2.0  ",
    without: ["CSeq"],
    headers: [cseq("OPTIONS")],
  },
  escruri: {
    start: "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0",
    headers: withSdp,
    body: sdp,
  },
  baddate: { start: invite, headers: ["Date: Fri, 01 Jan 2010 16:00:00 EST", ...withSdp], body: sdp },
  regbadct: {
    start: register,
    without: ["CSeq", "Contact"],
    headers: [cseq("REGISTER"), "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"],
  },
  badaspec: {
    start: "OPTIONS sip:user@example.org SIP/2.0",
    without: ["CSeq", "To"],
    headers: [cseq("OPTIONS"), 'To: "Watson, Thomas" < sip:t.watson@example.org >'],
  },
  baddn: {
    start: "OPTIONS sip:t.watson@example.org SIP/2.0",
    without: ["CSeq", "From"],
    headers: [cseq("OPTIONS"), "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"],
  },
  badvers: {
    start: "OPTIONS sip:t.watson@example.org SIP/7.0",
    without: ["CSeq"],
    headers: [cseq("OPTIONS")],
  },
  mismatch01: { start: options, headers: [] },
  mismatch02: { start: "NEWMETHOD sip:user@example.com SIP/2.0", headers: withSdp, body: sdp },
  bigcode: { start: "SIP/2.0 4294967301 better not break the receiver" },

  // 3.2: transaction layer
  badbranch: {
    start: options,
    without: ["CSeq", "Via"],
    headers: ["Via: SIP/2.0/UDP 203.0.113.10;branch=z9hG4bK", cseq("OPTIONS")],
  },

  // 3.3: application layer
  insuf: { start: invite, without: ["From", "To", "Call-ID"], headers: withSdp, body: sdp },
  unkscm: {
    start: "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0",
    without: ["CSeq"],
    headers: [cseq("OPTIONS")],
  },
  novelsc: {
    start: "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0",
    without: ["CSeq"],
    headers: [cseq("OPTIONS")],
  },
  unksm2: {
    start: register,
    without: ["CSeq", "To", "From", "Contact"],
    headers: [
      cseq("REGISTER"),
      "To: isbn:2983792873",
      "From: <http://www.example.com>;tag=3234",
      "Contact: <name:John_Smith>",
    ],
  },
  bext01: {
    start: options,
    without: ["CSeq"],
    headers: [
      cseq("OPTIONS"),
      "Require: nothingSupportsThis, nothingSupportsThisEither",
      "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis",
    ],
  },
  invut: {
    start: invite,
    headers: ["Content-Type: application/unknownformat"],
    body: '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n',
  },
  regaut01: {
    start: register,
    without: ["CSeq"],
    headers: [cseq("REGISTER"), "Authorization: NoOneKnowsThisScheme opaque-data=here"],
  },
  multi01: {
    start: invite,
    headers: [
      "CSeq: 59 INVITE",
      "Call-ID: another@192.0.2.1",
      "From: <sip:other@example.com>;tag=9",
      "Max-Forwards: 5",
      "To: <sip:another@example.com>",
      "Content-Length: 5",
      ...withSdp,
    ],
    body: sdp,
  },
  mcl01: {
    start: options,
    without: ["CSeq"],
    headers: [cseq("OPTIONS"), "Content-Length: 13"],
    body: "There's no way to know how many octets are supposed to be here.\r\n",
  },
  bcast: {
    start: "SIP/2.0 200 OK",
    headers: ["Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", ...withSdp],
    body: sdp,
  },
  zeromf: {
    start: options,
    without: ["CSeq", "Max-Forwards"],
    headers: [cseq("OPTIONS"), "Max-Forwards: 0"],
  },
  cparam01: {
    start: register,
    without: ["CSeq", "Contact"],
    headers: [cseq("REGISTER"), "Contact: sip:+19725552222@gw1.example.net;unknownparam"],
  },
  cparam02: {
    start: register,
    without: ["CSeq", "Contact"],
    headers: [cseq("REGISTER"), "Contact: <sip:+19725552222@gw1.example.net;unknownparam>"],
  },
  regescrt: {
    start: register,
    without: ["CSeq", "Contact"],
    headers: [cseq("REGISTER"), "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"],
  },
  sdp01: { start: invite, headers: ["Accept: text/nobodyKnowsThis", ...withSdp], body: sdp },

  // 3.4: compatibility with RFC 2543
  inv2543: {
    start: "INVITE sip:UserB@example.com SIP/2.0",
    without: ["Via", "Max-Forwards", "From"],
    headers: [
      "Via: SIP/2.0/UDP iftgw.example.com",
      "From: <sip:+13035551111@ift.client.example.net;user=phone>",
      "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>",
      ...withSdp,
    ],
    body: sdp,
  },
};

function write({ start, headers = [], without = [], body = "", length }: Message, name: string): Buffer {
  const kept = Object.entries(usual).flatMap(([header, line]) => (without.includes(header) ? [] : [line]));
  const own = kept.map((line) => line.replace("torture", name));
  const lines = [start, ...own, ...headers, `Content-Length: ${length ?? body.length}`];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
}

export const torture = Object.entries(messages).map(([title, message]) => ({
  title,
  message: write(message, title),
}));
