import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking

/// The artifacts of a run or a logged model: a folder, or one file as far as it can be shown.
struct ArtifactPage {
  var name: String
  var facts: String?
  var listing: String?
  var preview: String?
  var remark: String?
  var download: String?

  static func ofRun(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    try await load(.run(try request.identifier("id")), platform, request)
  }

  static func ofLoggedModel(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    try await load(.loggedModel(try request.name("id")), platform, request)
  }

  private static func load(_ owner: ArtifactOwner, _ platform: Platform, _ request: PageRequest) async throws -> Page {
    let place = try await owner.place(platform.tracker)
    let path = try ArtifactLocation.checked(request.text("path") ?? "", allowsRoot: true)
    let model = try await content(path, owner, place, platform)
    return Page(
      title: path.isEmpty ? "Artifacts of \(place.name)" : path, section: .experiments,
      crumbs: crumbs(path, owner, place), template: "artifact", model: model.page,
      framesOwnPages: model.isFramed)
  }

  private static func content(
    _ path: String, _ owner: ArtifactOwner, _ place: ArtifactOwner.Place, _ platform: Platform
  ) async throws -> (page: ArtifactPage, isFramed: Bool) {
    if !path.isEmpty, let file = try await owner.file(path, place, platform.tracker) {
      let preview = try await ArtifactPreview.load(file, path: path, of: owner, platform)
      var facts = Facts()
      facts.add("Size", readableSize(file.size))
      facts.add("Type", file.mediaType)
      facts.add("SHA-256", code: file.digest.hex)
      let page = ArtifactPage(
        name: path, facts: facts.html, preview: preview.html.isEmpty ? nil : preview.html, remark: preview.remark,
        download: owner.download(path, root: place.root))
      return (page, preview.isFramed)
    }
    let folder = path.isEmpty ? place.root : "\(place.root)/\(path)"
    let tree = try await platform.tracker.artifactTree(below: folder, limit: ArtifactListing.mostListed)
    guard path.isEmpty || !tree.files.isEmpty else {
      throw MartletError.notFound(
        "\(place.name.prefix(100)) has no artifact '\(path.prefix(200))'",
        fix: "its artifacts are listed at \(owner.browser(""))")
    }
    let listing = ArtifactListing(tree, of: owner, folder: path).table.html
    return (ArtifactPage(name: path.isEmpty ? "Artifacts of \(place.name)" : path + "/", listing: listing), false)
  }

  /// One for each folder on the way.
  private static func crumbs(_ path: String, _ owner: ArtifactOwner, _ place: ArtifactOwner.Place) -> [Link] {
    let parts = path.split(separator: "/").map(String.init)
    let folders = parts.indices.dropLast().map { index in
      Link(label: parts[index], link: owner.browser(parts[...index].joined(separator: "/")))
    }
    return [
      Link(label: "Experiments", link: "/experiments"),
      Link(label: place.name, link: owner.page), Link(label: "Artifacts", link: owner.browser("")),
    ] + folders
  }
}
