# checkNet: all three ways in which firmwares of different years offer the same. (stage, state); (3, 1) is online.
from . import settings


def wait_network_connected(timeout=60):
    return settings.network


waitNetworkReady = wait_network_connected


class CheckNetwork:
    def __init__(self, project_name, project_version):
        self._project = (project_name, project_version)

    def poweron_print_once(self):
        print("PROJECT_NAME     : %s\nPROJECT_VERSION  : %s" % self._project)

    def wait_network_connected(self, timeout=60):
        return settings.network
