/**
 * What a manifest looks like: the one list of its fields. Rules about more than one domain are in
 * `manifest_check.ts`.
 *
 * @module
 */

import type { SpokenProtocol } from "@hako/ipc";
import { BACKOFF_MS_MAX, DOMAINS_MAX, SEGMENT_BYTES_MAX } from "../limits.ts";
import {
  type DomainManifest,
  type HostPermissions,
  KERNEL,
  PROGRAM,
  type RestartPolicy,
  type SystemManifest,
} from "../manifest.ts";
import {
  MANIFEST_MS_MAX,
  MEMORY_LIMIT_MB_MAX,
  MEMORY_LIMIT_MB_MIN,
  POISON_TRIES_MAX,
  RESTART_LIMIT_MAX,
  SEGMENT_BYTES_STEP,
} from "./limits.ts";
import {
  type ChoiceShape,
  count,
  type FieldsOf,
  type ListShape,
  type MapShape,
  type NameRule,
  optional,
  type RecordShape,
  required,
  type Shape,
  type TextShape,
} from "./shape.ts";

/** A manifest as a JSON document: `base` is the document's own URL if left out. */
export interface ManifestDocument extends Partial<Pick<SystemManifest, "base">> {
  /** The JSON schema that describes the document, for the editor. */
  readonly $schema?: string;
  /** The domains, by name. */
  readonly domains: SystemManifest["domains"];
}

const DOMAIN_NAMES: NameRule = names(
  /^[a-z][a-z0-9-]{0,30}$/u,
  "a name is up to 31 of a-z, 0-9 and -, and starts with a letter",
  {
    [PROGRAM]: "that name belongs to the program that boots the system",
    [KERNEL]: "that name belongs to the kernel",
  },
);

/** Endpoints and segments: code names them too, so that `journalTail` is as good as `journal-tail`. */
const PART_NAMES: NameRule = names(
  /^[A-Za-z][A-Za-z0-9._-]{0,62}$/u,
  "a name is up to 63 letters, digits, dots, _ and -, and starts with a letter",
  {},
);

const ANY_TEXT: TextShape = { is: "text", what: "text", pattern: /^/u };
const ENDPOINT: TextShape = { is: "text", what: "name of an endpoint", pattern: /^[\s\S]+$/u };
const DOMAIN: TextShape = { is: "text", what: "name of a domain", pattern: /^[\s\S]+$/u };
const MODULE: TextShape = { is: "text", what: "module", pattern: /^[^\0]+$/u };

// A comma would end the value: the process is allowed the same by a flag that cannot quote one.
const PATH: TextShape = { is: "text", what: "path without commas", pattern: /^[^,\0]+$/u };
const HOST: TextShape = {
  is: "text",
  what: "host, host:port, or unix:path",
  pattern: /^(?:unix:[^,\0]+|[^,\s\0/]+)$/u,
};

const KIND: ChoiceShape = {
  is: "choice",
  what: "kind",
  values: ["server", "driver", "gateway", "app"] satisfies DomainManifest["kind"][],
};
const START: ChoiceShape = {
  is: "choice",
  what: "time to start",
  values: ["boot", "request"] satisfies DomainManifest["start"][],
};
const AT_LIMIT: ChoiceShape = {
  is: "choice",
  what: "end of a policy",
  values: ["degrade", "dependents", "stop"] satisfies RestartPolicy["atLimit"][],
};

const SEGMENTS: MapShape = map(
  count(SEGMENT_BYTES_STEP, SEGMENT_BYTES_MAX, SEGMENT_BYTES_STEP),
  PART_NAMES,
);

const PROTOCOL: RecordShape = {
  is: "record",
  isOpen: true, // A protocol that a program defined has its operations too.
  fields: {
    name: required(
      { is: "text", what: "name of a protocol", pattern: /^[\s\S]{1,48}$/u },
      "The protocol's name.",
    ),
    version: required(count(1, 0xffff_ffff), "Its version. Another one is refused at connect."),
  } satisfies FieldsOf<SpokenProtocol>,
};

const PERMISSIONS: RecordShape = {
  is: "record",
  fields: {
    read: optional(list(PATH), "Paths that may be read, with all below them."),
    write: optional(list(PATH), "Paths that may be written, with all below them."),
    net: optional(
      list(HOST),
      "Hosts that may be reached, with or without a port, and sockets as unix:path.",
    ),
    ffi: optional(list(PATH), "Shared libraries that may be called, which can do all they like."),
  } satisfies FieldsOf<HostPermissions>,
};

const RESTART: RecordShape = {
  is: "record",
  fields: {
    limit: required(count(0, RESTART_LIMIT_MAX), "Most deaths within windowMs."),
    windowMs: required(count(0, MANIFEST_MS_MAX), "The time over which deaths are counted."),
    backoffMs: optional(
      count(0, BACKOFF_MS_MAX),
      "How long to wait before the first restart within the window; doubles with each further one, up to 5 s. 0 if left out.",
    ),
    atLimit: optional(
      AT_LIMIT,
      "What happens at the limit. degrade, if left out: callers get EHOSTDOWN. dependents: it and its callers get one more life. stop: the system halts in order.",
    ),
  } satisfies FieldsOf<RestartPolicy>,
};

const DOMAIN_RECORD: RecordShape = {
  is: "record",
  fields: {
    kind: required(KIND, "What the domain is. Only drivers and gateways have host permissions."),
    module: required(
      MODULE,
      "What a worker of the domain runs: a path relative to base, a URL, or the name of a package.",
    ),
    permissions: optional(
      PERMISSIONS,
      "What of the host the domain may touch; paths are relative to base. Nothing if left out.",
    ),
    serves: optional(
      map(PROTOCOL, PART_NAMES),
      "The endpoints that the domain serves, each with its protocol.",
    ),
    uses: optional(list(ENDPOINT), "The endpoints that the domain calls."),
    keeps: optional(SEGMENTS, "Bytes of state that survive an incarnation, by name."),
    windows: optional(
      SEGMENTS,
      "Bytes that the domain may lend to the servers that it calls, by name.",
    ),
    options: optional(
      map({ is: "free" }),
      "What the domain's module finds in domain.options: values for it to understand.",
    ),
    restart: optional(
      RESTART,
      "How often the domain may die, and what comes then. 5 deaths in 10 s if left out.",
    ),
    hangMs: optional(
      count(1, MANIFEST_MS_MAX),
      "How long the domain may compute without a sign of life. 5000 if left out; without limit for a domain that serves nothing.",
    ),
    memoryLimitMb: optional(
      count(MEMORY_LIMIT_MB_MIN, MEMORY_LIMIT_MB_MAX),
      "MiB of heap after which the domain dies alone. Without it a runaway heap ends the process.",
    ),
    poisonTries: optional(
      count(1, POISON_TRIES_MAX),
      "Incarnations that one request may kill before it is answered with ENOTRECOVERABLE. 3 if left out.",
    ),
    manages: optional(
      list(DOMAIN),
      "The domains that this one may look at, restart and terminate.",
    ),
    start: optional(
      START,
      "boot, if left out: it starts with the system. request: when the program asks for it.",
    ),
    replicas: optional(
      count(1, DOMAINS_MAX - 1),
      "How many workers serve the domain's endpoints, each with keeps of its own.",
    ),
    spare: optional(
      { is: "switch" },
      "Whether a worker is kept ready, without authority, to take over at once.",
    ),
  } satisfies FieldsOf<DomainManifest>,
  conditions: [
    {
      field: "permissions",
      needs: { field: "kind", values: ["driver", "gateway"] },
      message: "only a driver or a gateway has any",
    },
    {
      field: "replicas",
      needs: { field: "kind", values: ["server"] },
      beside: "serves",
      message: "only a server has any, one that serves",
    },
    {
      field: "start",
      value: "request",
      without: "serves",
      message: "a domain that serves starts with the system",
    },
  ],
};

/** What a manifest looks like. */
export const MANIFEST: RecordShape = {
  is: "record",
  fields: {
    $schema: optional(ANY_TEXT, "The JSON schema that describes this document, for the editor."),
    base: optional(
      ANY_TEXT,
      "Against what modules and paths are resolved: the document's own URL if left out.",
    ),
    domains: required(map(DOMAIN_RECORD, DOMAIN_NAMES), "The domains, by name."),
  } satisfies FieldsOf<ManifestDocument>,
};

function list(of: Shape): ListShape {
  return { is: "list", of };
}

function map(of: Shape, rule?: NameRule): MapShape {
  return rule === undefined ? { is: "map", of } : { is: "map", of, names: rule };
}

/** Domains are looked up by name in objects, in which such a name would find what nobody put there. */
function names(pattern: RegExp, what: string, reserved: Record<string, string>): NameRule {
  const inherited = Object.getOwnPropertyNames(Object.prototype).filter((name) =>
    pattern.test(name)
  );
  const refused = inherited.map((name) => [name, "every object of JavaScript has that name"]);
  return { pattern, what, reserved: { ...Object.fromEntries(refused), ...reserved } };
}
