"""Teams, their projects and their services in the control store."""

import msgspec

from gatewatch.control.names import checked_name
from gatewatch.control.records import Project, Service, Team
from gatewatch.control.transactions import Transactions
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.secret_shapes import shown


class Teams(Transactions):
    """Names of one kind may not differ by case alone: that would split one team's spend."""

    def create_team(self, name: str) -> Team:
        """Raises UsageError where the name is unfit or taken (in any case of its letters)."""
        checked_name("team", name)
        with self.change():
            return self._add_team(name, "control")

    def declare_team(self, name: str) -> Team:
        """The team as owned by the configuration file, made where it does not exist yet. Changes nothing twice."""
        checked_name("team", name)
        with self.change():
            team = self._find_team(name) or self._add_team(name, "config")
            if team.managed_by != "config":
                self.connection.execute("UPDATE teams SET managed_by = 'config' WHERE name = ?", (name,))
                self.trail.add(
                    "team.declare", name, before={"managed_by": team.managed_by}, after={"managed_by": "config"}
                )
            return msgspec.structs.replace(team, managed_by="config")

    def teams(self) -> list[Team]:
        rows = self.connection.execute("SELECT name, created_at, created_by, managed_by FROM teams ORDER BY name")
        return [Team(name=n, created_at=at, created_by=by, managed_by=owner) for n, at, by, owner in rows]

    def team(self, name: str) -> Team:
        """Raises NotFound, naming the command that makes a team."""
        if (team := self._find_team(name)) is None:
            raise NotFound(
                f"there is no team {shown(name)}",
                "make it with `gatewatch teams create NAME`; `gatewatch keys create` has --create-team",
            )
        return team

    def projects(self, team: str | None = None) -> list[Project]:
        rows = self.connection.execute(
            "SELECT team, name, created_at, created_by FROM projects WHERE ?1 IS NULL OR team = ?1 ORDER BY team, name",
            (team,),
        )
        return [Project(team=t, name=n, created_at=at, created_by=by) for t, n, at, by in rows]

    def create_project(self, team: str, name: str) -> Project:
        """Raises NotFound for the team, UsageError where the name is unfit or taken."""
        checked_name("project", name)
        with self.change():
            self.team(team)
            return self._add_project(team, name)

    def services(self, team: str | None = None) -> list[Service]:
        rows = self.connection.execute(
            "SELECT name, team, created_at, created_by FROM services WHERE ?1 IS NULL OR team = ?1 ORDER BY name",
            (team,),
        )
        return [Service(name=n, team=t, created_at=at, created_by=by) for n, t, at, by in rows]

    def _find_team(self, name: str) -> Team | None:
        return next((team for team in self.teams() if team.name == name), None)

    def _add_team(self, name: str, managed_by: str) -> Team:
        for team in self.teams():
            if team.name.lower() == name.lower():
                raise UsageError(f"there is a team {team.name!r} already", "names may not differ by case alone")
        team = Team(name=name, created_at=self.clock(), created_by=self.actor.id, managed_by=managed_by)
        self.insert("teams", team)
        self.trail.add("team.create", name, after={"managed_by": managed_by})
        return team

    def _add_project(self, team: str, name: str) -> Project:
        for project in self.projects(team):
            if project.name.lower() == name.lower():
                raise UsageError(
                    f"team {team!r} has a project {project.name!r} already", "names may not differ by case alone"
                )
        project = Project(team=team, name=name, created_at=self.clock(), created_by=self.actor.id)
        self.insert("projects", project)
        self.trail.add("project.create", f"{team}/{name}")
        return project

    def _bind_service(self, name: str, team: str) -> None:
        """Makes the service where there is none. Raises UsageError where it is another team's."""
        known = next((service for service in self.services() if service.name.lower() == name.lower()), None)
        if known is None:
            service = Service(name=name, team=team, created_at=self.clock(), created_by=self.actor.id)
            self.insert("services", service)
            self.trail.add("service.create", name, after={"team": team})
        elif not self.actor.reaches(known.team):
            raise UsageError(f"the service name {name!r} cannot be taken", "give the service another name")
        elif known.name != name:
            raise UsageError(f"there is a service {known.name!r} already", "names may not differ by case alone")
        elif known.team != team:
            raise UsageError(
                f"the service {name!r} belongs to team {known.team!r}",
                "a service is one team's for good: take that team, or give the service another name",
            )
