//! The rows themselves, in the order of their numbers.
//!
//! Code, HTTP status and short name are transcribed from the published appendix and are compared
//! with the contract by a test. Whether the simulation answers with a code follows from the
//! contract too. Each row keeps to one line, so that a reader can search and scan.

use super::{Answered, Code, CodeRow};

const NO_TOKENS: &str = "tokens are not simulated: a call names its project";
const NO_ROLES: &str = "users, roles and permissions are not simulated";
const NO_QUOTA_CALL: &str = "the published API has no call that sets a quota";
const NO_BOOKKEEPING: &str =
    "the simulation keeps one state, in which this inconsistency cannot arise";
const NO_STEPS: &str =
    "an internal step of the service; the job ends with the code of the operation or of its cause";
const NO_EXTENSION_NICS: &str = "extension NICs are not simulated";
const NO_DRILL_RECORDS: &str =
    "what belongs to a drill is recorded with the drill itself and cannot be missing";

/// Builds the table: number, HTTP status, short name, [`Answered`], message.
macro_rules! table {
    ($($number:literal $http:literal $slug:ident $answered:ident $(($why:expr))? $message:literal;)*) => {
        &[$(CodeRow {
            code: Code::of($number),
            http: $http,
            slug: stringify!($slug),
            message: $message,
            answered: Answered::$answered $(($why))?,
        }),*]
    };
}

/// Every published error code, ascending.
pub const CODES: &[CodeRow] = table! {
    // The account and the service as such.
    1 400 invalid_tenant_id Never("a project is known by its label; a call under an unknown one is a mistake in the scenario") "No project has this id.";
    2 400 invalid_tenant_token Never(NO_TOKENS) "The token of the caller is not valid for this project.";
    3 400 invalid_roles Never(NO_ROLES) "The caller lacks the roles that the service asks for.";
    4 400 api_permission_incorrect Never(NO_ROLES) "The caller may not use this part of the API.";
    5 400 operation_not_permitted Never(NO_ROLES) "The caller may use the API, but not for this operation.";
    6 500 tenant_token_unobtainable Never(NO_TOKENS) "The service could get no token to act for the project.";
    7 500 permission_upgrade_failed Never(NO_ROLES) "The service could not raise its own rights to those the operation needs.";
    8 500 network_connection_timeout Never("a control plane that cannot be reached answers SDRS.0013; its inner connections are not simulated") "A part of the service did not answer another in time. Repeat the call.";
    9 500 operation_permission_denied Never(NO_ROLES) "A service behind this one turned the caller down.";
    10 500 data_error Never(NO_BOOKKEEPING) "What the service has stored does not fit together.";
    11 500 client_error Never("the clients between the service's own parts are not simulated") "The service called another one wrongly.";
    12 500 incorrect_configuration Never("an impossible configuration is refused when the scenario is read") "The service itself is set up wrongly.";
    13 500 internal_error Refusal "The control plane is down, and no call is served. Data paths go on; repeat the call when it is back.";
    14 500 decoded_token_null Never(NO_TOKENS) "There was nothing in the caller's token.";
    15 500 token_domain_id_missing Never(NO_TOKENS) "The caller's token names no account id.";
    16 500 token_domain_name_missing Never(NO_TOKENS) "The caller's token names no account name.";

    // The form of the input.
    201 400 invalid_request_parameters Refusal "A parameter is missing, has an impossible value, or names something that does not exist.";
    202 400 invalid_name Refusal "A name takes 1 to 64 bytes of letters, digits, dots, underscores and hyphens.";
    203 400 invalid_az Refusal "Source and target must be two different availability zones that exist.";
    204 400 invalid_vpc Refusal "No VPC has this id.";
    205 400 invalid_domain_id Refusal "The active-active domain does not exist, is sold out, or does not join the two availability zones.";
    206 400 invalid_action Refusal "The body must name exactly one action that the service knows.";
    207 400 invalid_protection_group_id Refusal "A protection group's id is a lower-case UUID.";
    208 400 invalid_protected_instance_id Refusal "A protected instance's id is a lower-case UUID.";
    209 400 incorrect_status Refusal "No resource of this kind can have the status by which the list is filtered.";
    210 400 invalid_server_id Refusal "A server's id is a lower-case UUID.";
    211 400 invalid_disk_id Refusal "The disk's id is not a lower-case UUID, or no disk has it.";
    212 400 invalid_description Refusal "A description takes at most 64 bytes, without angle brackets.";
    213 400 invalid_replication_pair_id Refusal "A replication pair's id is a lower-case UUID.";
    214 400 incorrect_replication_pair_status Refusal "The replication pair's status rules out its deletion or detachment. Wait until its present operation has ended.";
    215 400 invalid_replication_group_id Never("replication consistency groups have no call in the published API") "There is no replication consistency group by this id.";
    216 400 invalid_preferred_az Refusal "The priority station must be source or target, and not the one that is production already.";
    217 400 invalid_dr_drill_type Never("no published call takes a drill type") "There is no such type of drill.";
    219 400 invalid_ip_address Refusal "The address is malformed, lies outside the subnet, or was given without a subnet.";
    221 400 invalid_limit Refusal "The limit of a list is a whole number from 1 to 1000.";
    222 400 invalid_offset Refusal "The offset of a list is a whole number from 0 on.";
    223 400 invalid_nic_id Refusal "A NIC's id is a lower-case UUID.";
    224 400 invalid_replication_model Never("the published calls take no replication model") "There is no such replication model.";
    225 400 frozen_volume Refusal "The disk is frozen. Unfreeze it first, or choose another.";
    226 400 too_many_ids Refusal "One list takes at most 30 ids.";

    // Quotas.
    301 400 invalid_quota_resource_name Never(NO_QUOTA_CALL) "There is no quota for a resource of this name.";
    302 400 invalid_quota_value Never(NO_QUOTA_CALL) "The new quota is not a number.";
    303 400 quota_below_usage Never(NO_QUOTA_CALL) "The new quota is smaller than what is in use.";
    304 400 quota_out_of_range Never(NO_QUOTA_CALL) "The new quota lies outside the range in which it may be set.";
    305 400 group_quota_insufficient Refusal "The project has as many protection groups as its quota allows.";
    306 400 pair_quota_insufficient Refusal "The project would have more replication pairs than its quota allows.";

    // Jobs.
    401 500 subjob_count_incorrect Never(NO_BOOKKEEPING) "The job does not have as many sub-jobs as it should.";
    402 500 subjob_resubmission_failed Never(NO_STEPS) "A sub-job could not be handed in a second time.";
    403 500 job_context_query_failed Never(NO_STEPS) "The surroundings of a job could not be read.";
    404 500 job_submit_failed Never("an accepted call always has its job; a control plane that is down answers SDRS.0013") "The call was fine, but its job could not be handed in.";
    405 500 job_execution_failed Never("a job that fails names its operation's own code or a more telling cause") "The job did not get through.";
    406 500 subjob_execution_failed JobError "A sub-job of this group operation failed; the sub-job tells why. Repeat the operation to finish the rest.";
    407 500 job_rollback_failed JobError "The consistency group could not be brought back to where it was before the failed operation.";
    408 500 null_job Never(NO_BOOKKEEPING) "There is a task without its job.";

    // Protection groups.
    1001 400 group_has_protected_instance Refusal "The group still holds a protected instance. Delete its instances first.";
    1002 400 group_status_forbids_operation Refusal "The group's status rules this out, or one of its members is busy with an operation of its own.";
    1003 400 group_has_drill Refusal "The group still has a drill. Delete its drills first.";
    1010 400 group_has_replication_pair Refusal "The group still holds a replication pair. Delete its pairs first.";
    1011 500 domain_query_failed Both "The service that knows the active-active domains is down. Try again when it is back.";
    1013 400 group_not_found Refusal "There is no such protection group in this project.";
    1014 500 group_create_failed JobError "The protection group could not be made. Delete what is left of it and create it anew.";
    1015 400 group_data_abnormal Never(NO_BOOKKEEPING) "The records of the protection group contradict each other.";
    1016 500 group_delete_failed JobError "The protection group could not be deleted. Delete it again.";
    1017 400 group_not_available Never("superseded: the calls that need an available group answer SDRS.1020, SDRS.1024 or SDRS.1323") "The protection group is not in status available.";
    1018 400 group_protection_not_stopped Never("only the call that starts protection asks that it be stopped, and that answers SDRS.1020") "Protection of the group must be stopped first.";
    1019 400 group_protection_not_started Refusal "Only a protected group, or one whose stop failed, can stop its protection.";
    1020 400 group_not_startable Refusal "Protection starts from available, and again from failed-over; after a failure of either, repeat the same call.";
    1021 400 group_not_reprotectable Never("reprotection is the call that starts protection, which answers SDRS.1020") "The group is not in a status from which it can be protected again.";
    1022 400 group_not_failoverable Refusal "Only a protected group fails over, or one whose failover or planned failover failed.";
    1023 400 group_not_reversible Refusal "Only a protected group makes a planned failover, or one whose planned failover failed.";
    1024 400 group_not_available_or_protected Refusal "Members change only while their group is available or protected.";
    1025 400 priority_station_differs_group_instance Never(NO_BOOKKEEPING) "Group and protected instance disagree about which site is production.";
    1026 400 priority_station_differs_group_pair Never(NO_BOOKKEEPING) "Group and replication pair disagree about which site is production.";
    1027 400 enable_protection_failed JobError "Protection could not be started on every pair. Start it again to finish the rest.";
    1028 400 disable_protection_failed JobError "Protection could not be stopped on every pair. Stop it again to finish the rest.";
    1029 400 planned_failover_failed JobError "The planned failover did not get through. Repeat it, or fail over to the same site.";
    1030 400 failover_failed JobError "The failover did not get through. Repeat it to finish the rest.";
    1032 400 reprotect_failed JobError "The group could not be protected in its new direction. Start protection again to finish the rest.";

    // Protected instances.
    1301 400 instance_status_forbids_delete Refusal "The instance is busy. Delete it when its present operation has ended.";
    1303 400 server_az_differs_from_production_az Refusal "The server stands in another availability zone than the group's current production site.";
    1304 400 server_vpc_differs_from_group_vpc Refusal "The server is not connected to the VPC of the group.";
    1305 400 server_already_protected Refusal "The server belongs to a protected instance already, and can belong to one only.";
    1306 400 server_create_failed JobError "The DR server could not be made: its flavor is sold out, or the key pair of a Windows server is gone.";
    1307 400 server_delete_failed JobError "The DR server could not be deleted.";
    1308 400 server_stop_failed JobError "An old production server is still alive and could not be forced off.";
    1309 400 site_disk_specs_differ Never("the DR disk is made like the production disk; should sizes part, SDRS.1814 tells of it") "The disks of the instance's two servers are not of the same make.";
    1310 400 nic_not_found Refusal "The instance has no such NIC.";
    1311 400 primary_nic_cannot_be_deleted Refusal "The primary NIC stays for as long as its server does.";
    1312 400 nic_add_failed JobError "The NIC could not be added to the instance's servers.";
    1313 400 nic_delete_failed JobError "The NIC could not be taken from the instance's servers.";
    1314 400 instance_abnormal Refusal "A server or disk was deleted behind the service's back, or the instance's status rules this out. Detach and delete what is invalid.";
    1315 400 extension_nic_not_found Never(NO_EXTENSION_NICS) "The instance has no such extension NIC.";
    1316 400 server_not_stopped Refusal "A server of the instance is running. Stop it first.";
    1317 400 nic_attach_failed Never("adding a NIC is one step here, and answers SDRS.1312 when it fails") "The NIC was made but could not be plugged in.";
    1318 400 nic_detach_failed Never("deleting a NIC is one step here, and answers SDRS.1313 when it fails") "The NIC could not be unplugged.";
    1319 400 production_server_not_stopped Never("superseded by SDRS.1352, which says the same of the current production site") "A server at the production site is running.";
    1320 400 instance_not_found Refusal "There is no such protected instance in this project.";
    1321 400 server_has_no_disk Refusal "The server has no disk, so there is nothing to replicate.";
    1322 400 server_system_disk_abnormal Refusal "The server's system disk is in status error.";
    1323 400 instance_create_group_not_available Refusal "Instances are created only in a group that is available or protected.";
    1324 400 instance_delete_group_not_available Refusal "An operation of the group is under way that left this instance out. Delete the instance afterwards.";
    1325 400 instance_create_group_not_stopped Never("superseded: a protected group takes new instances, and any other answers SDRS.1323") "Instances cannot be created while protection is on.";
    1326 400 server_not_found Refusal "There is no such server in this project.";
    1327 400 instance_status_forbids_nic_operation Refusal "NICs change only while their instance is available or protected.";
    1328 400 instance_not_available Refusal "The instance's status rules this out: it must be available or protected, or its last resizing must have failed.";
    1329 400 instance_resize_failed JobError "The servers could not be given their new flavors. Nothing changed; resize again.";
    1330 400 production_server_cannot_be_deleted_after_switch Refusal "Production runs on the target site, so its server cannot be deleted with the instance. Switch back first, or keep the server.";
    1331 400 eip_delete_failed JobError "The elastic IP of the DR server could not be released.";
    1332 400 eip_add_failed Never("no published operation adds an elastic IP") "The elastic IP could not be bound to the server.";
    1333 400 server_not_active_or_shutoff Refusal "The server must be active or shut off to be protected.";
    1334 400 private_ip_in_use Refusal "Another NIC of the subnet has this address.";
    1335 400 subnet_not_found Refusal "There is no such subnet in the VPC of the group.";
    1336 400 server_has_extension_nic Never(NO_EXTENSION_NICS) "A server with an extension NIC cannot be protected.";
    1337 400 extension_nic_unsupported Never(NO_EXTENSION_NICS) "An instance takes no extension NIC.";
    1338 400 production_eip_cannot_be_deleted_after_switch Refusal "Production runs on the target site, so its elastic IP cannot be released with the instance. Switch back first, or keep the address.";
    1339 400 server_has_no_system_disk Refusal "The server has disks, but none to boot from.";
    1340 400 nic_limit_reached Refusal "The instance has 12 NICs, the most it may have.";
    1341 400 resize_needs_different_flavor Refusal "The server has this flavor already. Name another.";
    // Only under the policy `fencing = "off"`: else no server can be started at the current DR site.
    1342 400 dr_server_not_stopped Refusal "A server at the current DR site is running and would write beside production. Stop it first.";
    1350 400 instance_create_failed JobError "The protected instance could not be made. Delete what is left of it and create it anew.";
    1351 400 instance_delete_failed JobError "The protected instance could not be deleted. Delete it again.";
    1352 400 current_production_server_not_stopped Refusal "A planned failover loses nothing because nothing writes: stop every server at the current production site first.";
    1353 400 dr_flavor_unsupported Refusal "The flavor for the DR server does not exist or cannot be protected.";
    1355 400 dr_server_delete_account_frozen Refusal "A frozen account cannot have DR servers deleted. Keep the server, or unfreeze the account.";
    1356 400 production_flavor_unsupported Refusal "The flavor of the production server does not exist or cannot be protected.";
    1357 400 server_locked_by_system Refusal "The cloud platform holds a lock on the server. Wait until it is released.";
    1358 400 instance_limit_reached Refusal "The group holds as many protected instances as it may. Use another group.";
    1359 400 server_locked_by_other_service Refusal "Some other service holds a lock on the server. Wait until it lets go.";

    // Replication pairs.
    1601 400 pair_not_available Refusal "The replication pair's status rules out attaching or expanding it.";
    1603 400 pair_attached_or_device_in_use Refusal "The pair is attached already and not shared, or the instance has another disk under this device name.";
    1604 400 pair_not_attached Refusal "This instance does not have the replication pair; see its attachments.";
    1605 400 pair_attached Refusal "The replication pair is attached to an instance. Detach it first.";
    1606 400 pair_create_failed_status_error Never("superseded by SDRS.1609, with which the job that creates a pair fails") "The replication pair was left in status error by its creation.";
    1607 400 pair_delete_failed JobError "The replication pair could not be deleted. Delete it again.";
    1608 400 pair_not_found Refusal "There is no such replication pair, or the group has none that takes part.";
    1609 400 pair_create_failed JobError "The replication pair could not be made. Delete what is left of it and create it anew.";
    1610 400 pair_update_failed Never("the only update of a pair is its renaming, which is done at once and cannot fail once accepted") "The replication pair could not be changed.";
    1611 400 pair_not_in_group Refusal "The replication pair belongs to another protection group than the one meant.";

    // Disks, and the data path.
    1801 400 disk_not_available Refusal "The disk is not in status available: it is attached or in error.";
    1802 400 disk_encrypted Refusal "Encrypted disks cannot be replicated.";
    1803 400 disk_null Never("a call without a disk answers SDRS.0201, one with an unknown disk SDRS.0211") "The call names no disk.";
    1804 400 disk_not_attached JobError "The disk was taken off its server behind the service's back.";
    1805 400 disk_not_in_pair Never("every published call names the pair, never a disk that might lack one") "The disk belongs to no replication pair.";
    1806 400 disk_type_not_allowed Refusal "The disk is shared where it may not be, or of a type other than SSD, SAS, SATA, co-p1 and uh-l1.";
    1807 400 disk_attach_failed JobError "A disk of the pair could not be attached to its server.";
    1808 400 disk_detach_failed JobError "A disk of the pair could not be taken off its server.";
    1809 400 pair_production_is_original_dr_site Refusal "Production runs on the target site, so the disk there cannot be deleted with the pair. Switch back first, or keep the disk.";
    1810 400 disk_az_differs_from_production_az Refusal "The disk lies in another availability zone than the group's current production site.";
    1811 400 disk_already_in_pair Refusal "The disk belongs to a replication pair already.";
    1812 400 disk_create_failed JobError "The DR disk could not be made: its storage is down or lacks the space.";
    1813 400 disk_delete_failed JobError "The DR disk could not be deleted.";
    1814 400 disk_size_differs JobError "The two disks of the pair are no longer of one size.";
    1816 400 pair_disk_not_available Refusal "A disk of the pair is in use and cannot grow while it is. Detach the pair first.";
    1817 400 pair_disk_not_available_or_in_use Refusal "A disk of the pair is in error, so the pair cannot grow.";
    1818 400 shared_pair_disk_not_available Refusal "A pair of shared disks grows only while it is attached nowhere. Detach it from all its instances first.";
    1820 400 pair_expand_failed JobError "The replication pair could not be expanded, and keeps its size. Expand it again.";
    1821 400 pair_attach_failed JobError "The replication pair could not be attached. Detach it to clear its status, then attach it again.";
    1822 400 pair_detach_failed JobError "The replication pair could not be detached. Detach it again.";
    // With a fault only: level 2 of a pair.
    1823 400 system_error_failover_advised Refusal "Production has lost a disk while its copy was in step, so there is nothing left to switch over from. Fail over instead.";
    // With a fault, or by the policies `az_failover` and `failover_disconnected`.
    1824 400 system_error Refusal "The DR side cannot take over: its copy is behind or out of reach, its storage is unusable, or it may not go on alone. Repair the path or the DR site, or rescue by a drill.";
    1825 400 disk_used_in_drill Refusal "The disk was made for a drill. Choose another.";
    1826 400 unattached_pair_limit_reached Refusal "As many pairs as allowed are attached to no instance. Attach or delete some first.";
    1828 400 dr_disk_delete_account_frozen Refusal "A frozen account cannot have DR disks deleted. Keep the disk, or unfreeze the account.";
    1830 400 group_pairs_synchronizing Refusal "A pair of the group is still copying, so its DR side is not consistent. Wait until every pair is in step.";
    1831 400 disk_locked Refusal "The disk is locked, and no pair can be made of it until it is unlocked.";
    1832 400 pair_expand_disk_locked Refusal "A disk of the pair is locked, and the pair cannot grow until it is unlocked.";

    // Drills.
    1900 400 invalid_dr_drill_id Refusal "A drill's id is a lower-case UUID.";
    1901 400 drill_id_empty Never("superseded: an empty id is malformed and answers SDRS.1900") "The call names no drill.";
    1902 400 dr_drill_not_found Refusal "There is no such drill in this project.";
    1904 500 snapshot_not_found Never("snapshots live inside the drill's job, and nobody else can delete them") "The snapshot from which a drill disk should be made is gone.";
    1905 500 snapshot_volume_create_failed JobError "A drill disk could not be made from its snapshot: storage is down or lacks the space.";
    1906 500 snapshot_delete_failed JobError "A snapshot of the drill could not be deleted. Delete the drill again.";
    1907 400 drill_vpc_is_group_vpc Refusal "A drill in the group's own VPC would meet production there. Give it another VPC.";
    1908 400 drill_vpc_has_no_subnet Refusal "The drill VPC lacks a subnet for one that the group uses. Add a subnet of the same CIDR block.";
    1909 400 drill_vpc_cidr_differs Refusal "The drill VPC must have the same CIDR block as the group's VPC.";
    1910 400 drill_vpc_ip_conflict Refusal "An address that a drill server needs is taken in the drill VPC.";
    1911 400 nic_empty Never("a protected server has a NIC in the VPC of its group, or SDRS.1304 kept it out") "A server of the group has no NIC to copy.";
    1912 500 drill_nic_create_failed JobError "A NIC for a drill server could not be made.";
    1913 400 drill_status_forbids_delete Refusal "The drill is still being made or deleted. Wait until that has ended.";
    1914 500 drill_server_record_not_found Never(NO_DRILL_RECORDS) "The drill does not know one of its servers.";
    1915 500 drill_storage_record_not_found Never(NO_DRILL_RECORDS) "The drill does not know one of its disks.";
    1916 500 invalid_snapshot_id Never("snapshots live inside the drill's job, and no call names one") "A snapshot of the drill has a malformed id.";
    1917 500 drill_nic_record_not_found Never(NO_DRILL_RECORDS) "The drill does not know one of its NICs.";
    1918 500 drill_nic_delete_failed JobError "A NIC of a drill server could not be deleted. Delete the drill again.";
    1919 500 drill_attachment_query_failed Never(NO_STEPS) "It could not be read which disks a drill server has.";
    1920 500 drill_pair_attachment_missing Refusal "No pair of the group is attached to an instance, so there is no server to drill with.";
    1921 400 drill_vpc_already_used Refusal "Another drill runs in this VPC. Use a VPC of its own for each.";
    1922 400 drill_create_failed JobError "The drill could not be made. Delete what is left of it and create it anew.";
    1923 400 drill_delete_failed JobError "The drill could not be deleted. Delete it again.";
    1924 400 dr_vpc_has_no_subnet Never("both sites share the group's VPC, in which protected servers have their subnet already") "The VPC has no subnet at the DR site.";
    1925 400 drill_vpc_create_failed JobError "A VPC for the drill could not be made.";
    1926 400 drill_subnet_create_failed JobError "A subnet in the drill's new VPC could not be made.";
    1927 400 drill_subnet_delete_failed Never("subnets stay when their drill is deleted") "A subnet of the drill VPC could not be deleted.";
    1928 400 vpc_not_found Refusal "The VPC named for the drill does not exist.";
    1929 400 vpc_quota_insufficient Refusal "The drill needs a VPC of its own, and the quota leaves none. Delete an unused VPC, or name one.";
    1930 400 subnet_quota_insufficient Refusal "The drill needs subnets of its own, and the quota leaves too few. Delete unused subnets, or name a VPC that has them.";

    // Tags.
    2201 400 tag_action_invalid Refusal "A batch of tags is there to create or to delete; its action is one of these two words.";
    2202 400 tag_list_empty Refusal "The batch names no tag.";
    2203 400 tag_limit_exceeded Refusal "Too many tags: 10 at creation, 20 on an instance, 20 keys in a query.";
    2204 400 invalid_tag_key Refusal "A tag key takes at most 36 letters, digits, hyphens and underscores; in a query, at most 127 characters.";
    2205 400 tag_key_blank Refusal "A tag key needs at least one character that is not white space.";
    2206 404 tag_key_not_found Refusal "The instance has no tag with this key.";
    2207 400 invalid_tag_value Refusal "A tag value takes at most 43 letters, digits, hyphens and underscores; in a query, at most 255 characters, not all asterisks.";
    2208 400 tag_value_null Refusal "A tag needs a value, though it may be the empty one.";
    2209 400 tag_keys_duplicate Refusal "A key may stand only once in a list of tags.";
    2210 400 tag_query_action_invalid Refusal "A query by tag either filters or counts; its action is one of these two words.";
    2211 400 tag_count_with_paging Refusal "A count has no pages: leave out limit and offset.";
    2212 400 matches_empty Refusal "The list of matches is empty. Leave it out to match everything.";
    2213 400 matches_key_empty Refusal "A match has no key. Write resource_name.";
    2214 400 matches_key_invalid Refusal "The only key that can be matched is resource_name.";
    2215 400 matches_keys_duplicate Refusal "A key may stand only once in the list of matches.";
    2216 400 matches_value_null Refusal "A match needs a value, though it may be the empty one.";
    2217 400 matches_value_invalid Refusal "The value of a match takes at most 255 characters.";
    2218 400 tag_values_limit_exceeded Refusal "A query names at most 20 values of one key.";
    2219 400 tag_values_duplicate Refusal "A value may stand only once under its key.";
    2220 400 tag_query_limit_out_of_range Refusal "A query by tag returns from 1 to 1000 instances: set its limit within this range.";
    2221 400 instance_status_forbids_tag_add Refusal "Tags can be set only on an instance that is neither coming, going, broken nor invalid.";
    2222 400 instance_status_forbids_tag_delete Refusal "Tags can be removed only from an instance that is neither coming, going, broken nor invalid.";
};
