number = "868540050954037"


def getDevImei():
    return number
