/** Returns a first definition file. It can be published as it is. */
export const firstDefinition = (
  product: string,
  title: string,
): string => `# The community report of ${title}: what everybody may see of the answers, and why you ask.
# Written by otel-usage insights publish --init. Publish it with: otel-usage insights publish --out site
title: ${JSON.stringify(`How ${title} is used`)}
about: |
  ${title} reports its usage where its operators allow it. This is what comes of it.
# link: https://acme.example/

# A group of fewer installations is not shown, and follows from no other number. At least 5.
smallestGroup: 20

products:
  - name: ${product}
    title: ${JSON.stringify(title)}
    # With the catalog: the page of all facts, and what is rounded or randomized. A module, or what \`catalog release\` has written.
    # catalog: catalog.json

# Each question with the decision that it serves. \`otel-usage insights --help\` lists them, and what each may be given.
questions:
  - ask: active
    title: How many installations are there?
    decision: How much care a release needs.

  - ask: adoption
    title: How fast is a new version adopted?
    decision: How long the version before gets fixes.

  - ask: versions
    title: Which versions are in use?
    decision: Which versions are supported.
    # link: https://acme.example/issues/12

  - ask: countries
    title: Where is it in use?
    decision: Into which languages it is translated next.
    after: |
      Only the country of a connection is kept, never its address.
`
