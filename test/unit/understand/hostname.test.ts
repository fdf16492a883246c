import { expect, test } from "vitest";
import { hostname } from "../../../src/understand/settings/types.js";

test.each(["database.example.com", "localhost", "10.0.0.1", "fd00::1", "::1", "1and1.example"])(
  "%s is a host",
  (text) => expect(hostname.schema.safeParse(text).data).toBe(text),
);

test.each(["999.1.1.1", "010.0.0.1", "10.0.0", "1.2.3.4.5", "fe80::1%eth0", "fd00:::1", "a b", "-x", ""])(
  "%j is none",
  (text) => expect(hostname.schema.safeParse(text).success).toBe(false),
);
