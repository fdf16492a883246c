import { randomBytes } from "node:crypto";

/** A participant of the recorded call. Speakers have a stream, with this label in the SDP. */
export interface Participant {
  aor: string;
  name: string;
  label?: string;
}

/** The metadata of one recorded call. Identifiers are base64 of 16 bytes (RFC 7865, 6). */
export interface Metadata {
  sessionId: string;
  /** RFC 3339, UTC. */
  startTime: string;
  participants: (Participant & { id: string })[];
  streams: { id: string; label: string; sender: string }[];
}

export function newMetadata(participants: Participant[], now: Date): Metadata {
  const known = participants.map((one) => ({ ...one, id: newId() }));
  const streams = known.flatMap(({ label, id }) =>
    label === undefined ? [] : [{ id: newId(), label, sender: id }],
  );
  return { sessionId: newId(), startTime: now.toISOString(), participants: known, streams };
}

/** The recording metadata in XML (RFC 7865, 8): session, participants, streams, and their relations. */
export function writeMetadata(metadata: Metadata): string {
  const { sessionId, startTime, participants, streams } = metadata;
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<recording xmlns="urn:ietf:params:xml:ns:recording:1">`,
    `  <datamode>complete</datamode>`,
    `  <session session_id="${sessionId}">`,
    `    <start-time>${startTime}</start-time>`,
    `  </session>`,
    ...participants.flatMap((one) => [
      `  <participant participant_id="${one.id}">`,
      `    <nameID aor="${escapeXml(one.aor)}"><name xml:lang="en">${escapeXml(one.name)}</name></nameID>`,
      `  </participant>`,
    ]),
    ...streams.flatMap((stream) => [
      `  <stream stream_id="${stream.id}" session_id="${sessionId}">`,
      `    <label>${escapeXml(stream.label)}</label>`,
      `  </stream>`,
    ]),
    `  <sessionrecordingassoc session_id="${sessionId}">`,
    `    <associate-time>${startTime}</associate-time>`,
    `  </sessionrecordingassoc>`,
    ...participants.flatMap((one) => [
      `  <participantsessionassoc participant_id="${one.id}" session_id="${sessionId}">`,
      `    <associate-time>${startTime}</associate-time>`,
      `  </participantsessionassoc>`,
    ]),
    ...participants.flatMap((one) => [
      `  <participantstreamassoc participant_id="${one.id}">`,
      ...streams.map(({ id, sender }) =>
        sender === one.id ? `    <send>${id}</send>` : `    <recv>${id}</recv>`,
      ),
      `  </participantstreamassoc>`,
    ]),
    `</recording>`,
    "",
  ].join("\r\n");
}

function newId(): string {
  return randomBytes(16).toString("base64");
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
