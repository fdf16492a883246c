import { defineScalarTag, floatCoreTag, intCoreTag, NOT_RESOLVED, type ScalarTagDefinition } from "js-yaml";

/**
 * Tags for numbers that keep the text if the number would print differently: version 5.10 must not become 5.1, password 0123 not
 * 123, and an account id keeps its twelve digits. Kinds that need a number convert the text.
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
