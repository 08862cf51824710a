from pgs_process.contexts import *
from pgs_process.contract import process
from pgs_process.engine import ProcessEngine
from pgs_process.contexts import BaseDomainContext, BaseGlobalContext, BaseSystemContext
