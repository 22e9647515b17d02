// Mantine writes its CSS variables by innerHTML. Where the server asks for Trusted Types, this default policy
// lets through only text that cannot become an element.

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): unknown;
}

const factory = (window as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
factory?.createPolicy("default", {
  createHTML(text) {
    if (/[<&]/.test(text)) throw new TypeError("Refused to write markup.");
    return text;
  },
});
