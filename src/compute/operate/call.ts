/** A stream of a call, from the platform to the recorder; null for values that the media relay does not have. */
export interface CallStream {
  stream: number;
  packets: number | null;
  relayed: number | null;
  lost: number | null;
  jitter_ms: number | null;
}

/** A call in the output of a host's tell-calls. */
export interface Call {
  call_id: string;
  /** `moved`: another proxy has set up the call. */
  state: "setup" | "up" | "moved";
  /** PROTOCOL:ADDRESS:PORT of the platform. */
  source: string | null;
  /** URI. */
  recorder: string | null;
  age_s: number | null;
  streams: CallStream[];
}
