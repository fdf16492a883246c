import type { Fault } from "../fault.js";
import type { Fleet } from "../fleet.js";
import * as additions from "./additions.js";
import * as addresses from "./addresses.js";
import * as database from "./database.js";
import { namedTargets } from "../../targets/lookup.js";
import * as features from "./features.js";
import * as ports from "./ports.js";
import * as recorders from "./recorders.js";
import * as secrets from "./secrets.js";

/** The policy: all rules that involve several settings, in one list. */
export const rules: readonly ((fleet: Fleet) => Fault[])[] = [
  addresses.someHost,
  addresses.someRecorder,
  addresses.uniqueHostNames,
  addresses.uniquePublicAddresses,
  addresses.uniquePrivateAddresses,
  addresses.uniqueDestinations,
  ports.rtpRangeAscends,
  ports.rtpRangeHoldsExpectedCalls,
  ports.rtpRangeHoldsMaxCalls,
  ports.listenersDoNotOverlap,
  ports.tlsConnectionsFit,
  recorders.attributesAreReadable,
  recorders.attributesFitTheirColumn,
  recorders.destinationsFitTheirColumn,
  recorders.weightsAreNumbers,
  recorders.weightsAreOnEveryRecorder,
  recorders.everyRecorderIsInASet,
  recorders.everySetHasARecorder,
  recorders.algorithmSuitsAttributes,
  database.everyServerHasAPort,
  secrets.bootstrapHasCredentials,
  secrets.passwordIsGiven,
  secrets.literalSecrets,
  secrets.literalsHaveTheirForm,
  secrets.otherSecretHasOne,
  secrets.certificatesArePem,
  secrets.certificateHasKey,
  features.tlsRecordersNeedTls,
  features.tlsRecordersAreChecked,
  features.relaySourceIsPinned,
  features.kernelForwardingIsPossible,
  features.groupBoundsAscend,
  features.platformsAreNamed,
  features.jsonRpcIsNotForEverybody,
  features.sshNetworksNeedFirewall,
  features.debuggingIsTemporary,
  additions.addedFilesStay,
  additions.addedUnitsAreOthers,
  additions.addedUnitsHaveASection,
  additions.addedPackagesAreNamedOnce,
  additions.upgradesAreASetting,
  ...namedTargets.flatMap(([, target]) => target.rules),
];
