/// One page of a list, and the token that fetches the next one; nil on the last page.
package struct Page<Item: Sendable>: Sendable {
  package var items: [Item]
  package var nextToken: String?

  package init(_ items: [Item], nextToken: String? = nil) {
    self.items = items
    self.nextToken = nextToken
  }
}
