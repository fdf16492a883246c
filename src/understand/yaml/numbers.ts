import { defineScalarTag, floatCoreTag, intCoreTag, NOT_RESOLVED, type ScalarTagDefinition } from "js-yaml";

/**
 * YAML's numbers, kept as text where the number would not print as it is written: 5.10 is no 5.1 in a version, 0123 no 123 in a
 * password, and an account id has twelve digits. Kinds that want a number read it from the text.
 */
export const numbersAsWritten = [intCoreTag, floatCoreTag].map(asWritten);

function asWritten(tag: ScalarTagDefinition<number>): ScalarTagDefinition<number | string> {
  return defineScalarTag<number | string>(tag.tagName, {
    implicit: tag.implicit,
    implicitFirstChars: tag.implicitFirstChars,
    identify: tag.identify,
    resolve: (source, isExplicit, name) => {
      const value = tag.resolve(source, isExplicit, name);
      return value === NOT_RESOLVED || String(value) === source ? value : source;
    },
  });
}
