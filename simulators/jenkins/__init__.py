"""A simulator of a Jenkins controller: the same protocols, compared with the recorded answers of a real one.

docs/simulator.md describes it. The packages import each other in one direction:
home < agents < pipelines < casc < api < http < controller.
"""

VERSION = "2.504.3"
