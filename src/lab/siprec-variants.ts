/**
 * Different forms of the same SIPREC INVITE, as platforms write it. All are valid, and each has caused errors in some
 * proxy. The sentences describe the difference from `plain`.
 */
export const SIPREC_VARIANTS = {
  plain: "boundary is the only Content-Type parameter, unquoted; SDP first, then metadata",
  "boundary-quoted": "the boundary is a quoted string",
  "boundary-second": "another parameter stands before the boundary",
  "boundary-then-parameter": "another parameter follows the boundary",
  "boundary-quoted-then-parameter": "another parameter follows a quoted boundary",
  "boundary-between": "parameters stand before and after a quoted boundary",
  "boundary-specials": "a quoted boundary with characters that need the quotes",
  "content-type-spaced": "spaces around the semicolon, media type and parameter name in capitals",
  "content-type-folded": "Content-Type goes on in a second line (RFC 3261, 7.3.1)",
  "metadata-first": "metadata stands before the SDP",
  "preamble-and-epilogue": "text before the first and after the last delimiter",
  "extra-part": "a third part that neither side needs stands between the two",
  "nortpproxy-attribute": "the SDP has a=nortpproxy:yes, as left by an RTPProxy on the way",
  "large-body": "metadata of more than 16 KiB (64 participants more)",
  "compact-headers": "compact header names (v, f, t, i, m, c, l, k)",
  "lower-case-headers": "header names in lower case, also in the parts; SDP lines end with LF alone",
} as const;

export type SiprecVariant = keyof typeof SIPREC_VARIANTS;

export const VARIANT_NAMES = Object.keys(SIPREC_VARIANTS) as SiprecVariant[];
