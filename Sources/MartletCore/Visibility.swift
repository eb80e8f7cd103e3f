/// What somebody may see of one kind of things, experiments or registered models, in the form that a search needs.
///
/// A thing belongs to the project that its tag `ProjectName.tag` names, or to none.
package struct Visibility: Sendable, Hashable {
  /// Everything but `hidden`, whatever stands in the other sets.
  package var isWide: Bool
  /// What belongs to these projects.
  package var projects: Set<ProjectName> = []
  /// These things by their ids, whatever they belong to.
  package var named: Set<String> = []
  /// Things that the reader made: seen in `ownProjects`, and where they belong to no project.
  package var own: Set<String> = []
  package var ownProjects: Set<ProjectName> = []
  /// Never shown.
  package var hidden: Set<String> = []

  package init(isWide: Bool) { self.isWide = isWide }

  package static let everything = Visibility(isWide: true)
  package static let nothing = Visibility(isWide: false)
}

extension ProjectName {
  /// The tag of an experiment or registered model that names the project it belongs to.
  package static var tag: String { "martlet.project" }
}
